"""Where bytes lie, and whether they are the right ones. Nothing here is believed before it was hashed."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from photostore import keys
from photostore.errors import Changed, FileMissing, FileTooLarge
from photostore.intake import FORMATS, sniff, take_in_image
from photostore.models import QuarantinedFile
from photostore.operations.quarantine import bring_back, sha256_of
from photostore.register import FileSet, NewFile
from photostore.storage import storage_for
from students import identity
from students.models import Student
from students.recovery.storages import FileRef
from students.versions import EXTENSIONS, MAX_STORED_BYTES, photo_limits

AnyFileRef = tuple[str, ...]
"""A place; with three more, the identity that is spliced into its picture: see `restore.spliced`."""


def right_bytes(file_refs: Iterable[Sequence[str]], sha256: str) -> bytes | None:
    """The bytes with this sha256, from the first place that has them."""
    for alias, key, *inside in file_refs:
        try:
            data = storage_for(alias).read(key, max_bytes=MAX_STORED_BYTES)
        except (FileMissing, FileTooLarge):
            continue
        for made in _with_identity(data, inside):
            if hashlib.sha256(made).hexdigest() == sha256:
                return made
    return None


def _with_identity(data: bytes, inside: Sequence[str]) -> Iterator[bytes]:
    if not inside:
        return iter((data,))
    student_id, number_hash, attendance = inside
    return identity.tagged(data, identity.Identity(UUID(student_id), number_hash, attendance))


def needed_bytes(file_refs: Iterable[Sequence[str]], sha256: str) -> bytes:
    """The same; raises `Changed` where no place has them any more."""
    data = right_bytes(file_refs, sha256)
    if data is None:
        raise Changed(_("The bytes to be restored no longer exist."))
    return data


def is_of_type(data: bytes, content_type: str) -> bool:
    """Whether the bytes begin as a picture of this type does."""
    found = sniff(data)
    return found is not None and FORMATS[found].content_type == content_type


def version_of(
    student: Student, data: bytes, *, content_type: str, width: int, height: int, exports: list[FileRef]
) -> FileSet:
    """Stored bytes as a publication of this student, as they are; only the thumbnails are made anew.

    Raises `Changed` for bytes of another type, and `InvalidFile` for what is no picture.
    """
    if not is_of_type(data, content_type):
        raise Changed(_("The picture is not of its stated type."))
    extension, sha256 = EXTENSIONS[content_type], hashlib.sha256(data).hexdigest()
    thumbnails = take_in_image(data, filename=f"stored.{extension}", limits=photo_limits()).thumbnails
    return FileSet(
        original=NewFile(
            key=keys.student_version(student.student_id, sha256, extension),
            data=data,
            content_type=content_type,
            width=width,
            height=height,
        ),
        derivatives=[
            NewFile.of(keys.student_thumbnail(student.student_id, sha256, size), small)
            for size, small in thumbnails.items()
        ],
        exports=exports,
        keep_aside=True,
    )


def lying_at(
    targets: Iterable[tuple[str, str, str]], registered: Collection[FileRef]
) -> tuple[list[FileRef], list[tuple[str, str, str]]]:
    """Files under these names (alias, key, the right sha256), not the `registered` ones.

    Those with the right bytes, and the others with the sha256 that they have.
    """
    there: list[FileRef] = []
    aside: list[tuple[str, str, str]] = []
    for alias, key, sha256 in targets:
        if not storage_for(alias).is_prepared():
            continue
        found = sha256_of(alias, key)
        if found is None or (alias, key) in registered:
            continue
        if found == sha256:
            there.append((alias, key))
        else:
            aside.append((alias, key, found))
    return there, aside


def set_aside(operation: UUID, others: Iterable[Any], owner: dict[str, str]) -> None:
    """Keep a copy of what is about to be overwritten in quarantine; the name is never without a file.

    Idempotent. Raises `Changed` where something else lies there by now.
    """
    for alias, key, sha256 in others:
        target = keys.quarantined(operation, key)
        storage = storage_for(alias)
        if sha256_of(alias, target) != sha256:
            if sha256_of(alias, key) != sha256:
                raise Changed(_("Another file is stored under this name by now."))
            storage.copy(key, target, content_type="application/octet-stream")
        found = storage.stat(target)
        QuarantinedFile.objects.get_or_create(
            operation=operation,
            storage_alias=alias,
            key=key,
            defaults={"sha256": sha256, "byte_size": found.byte_size if found else 0, **owner},
        )


def bring_others_back(operation: UUID, others: Iterable[Any], ours: str) -> None:
    """Put back what was set aside, in place of our own bytes and of nothing else. Raises `Changed`."""
    for alias, key, sha256 in others:
        if storage_for(alias).stat(keys.quarantined(operation, key)) is None:
            continue
        if sha256_of(alias, key) in (ours, sha256):  # the same bytes lie in quarantine, and come from there
            storage_for(alias).remove(key)
        bring_back(operation, alias, key)
