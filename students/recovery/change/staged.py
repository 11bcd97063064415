"""A version made of a staged photo of an import: as intake left it, and without an identity so far."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _

from photostore.audit import Actor
from photostore.errors import Changed, FileMissing, FileTooLarge
from photostore.intake import CleanImage, Rendition, take_in_image
from photostore.models import OperationStep
from photostore.storage import storage_for
from students.identity import Identity
from students.models import Student
from students.photos import refuse_anothers
from students.right_person import looks_of
from students.versions import MAX_STORED_BYTES, IncomingPhoto, Version, new_version, photo_limits


def staged_version(step: OperationStep, student: Student, actor: Actor) -> Version:
    """Details: `key` and `sha256` of the staged file; `picture`, what intake said of it; `filename`;
    `origin`; `taken_on`; `named`, whom the bytes named; and `confirmed`, the codes of findings.

    Whether the picture is another student's is asked again here, under the student's lock.

    Raises `Changed` where the staged picture is gone, `AnotherPerson`.
    """
    details = step.details
    incoming = IncomingPhoto(
        _clean(details),
        details["filename"],
        details["origin"],
        taken_on=parse_date(details["taken_on"] or ""),
        named=_named(details["named"]),
    )
    version = new_version(student, incoming, actor, slot=details["slot"])
    looks = looks_of(version.photo, named=incoming.named)
    refuse_anothers(student, looks, confirmed=details["confirmed"], actor=actor)
    return version


def _clean(details: Mapping[str, Any]) -> CleanImage:
    data, picture = _bytes(details["key"], details["sha256"]), details["picture"]
    return CleanImage(
        picture=Rendition(
            data, picture["content_type"], picture["extension"], picture["width"], picture["height"]
        ),
        thumbnails=_thumbnails(details, data),
        source_sha256=picture["source_sha256"],
        pixel_sha256=picture["pixel_sha256"],
        dhash=picture["dhash"],
        taken_on=None,
        source_format="",
    )


def _bytes(key: str, sha256: str) -> bytes:
    try:
        data = storage_for().read(key, max_bytes=MAX_STORED_BYTES)
    except (FileMissing, FileTooLarge) as error:
        raise Changed(_("The picture no longer exists. Please upload it again.")) from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise Changed(_("The picture no longer exists. Please upload it again."))
    return data


def _thumbnails(details: Mapping[str, Any], data: bytes) -> Mapping[str, Rendition]:
    """The staged ones; made anew where one was lost: they are written without waiting for the disk."""
    stem, found = details["key"].rpartition(".")[0], {}
    try:
        for size, (width, height) in details["picture"]["thumbnails"].items():
            small = storage_for().read(f"{stem}_{size}.webp", max_bytes=MAX_STORED_BYTES)
            if not small.startswith(b"RIFF"):
                raise FileMissing
            found[size] = Rendition(small, "image/webp", "webp", width, height)
    except FileMissing:
        limits = replace(photo_limits(), max_side=None)
        name = f"staged.{details['picture']['extension']}"
        return take_in_image(data, filename=name, limits=limits).thumbnails
    return found


def _named(inside: Mapping[str, str] | None) -> Identity | None:
    if inside is None:
        return None
    return Identity(UUID(inside["student_id"]), inside["number_hash"], inside["attendance"])
