"""Use cases: a persona's image or video is kept, described anew, deleted.

A file's bytes change under a lock of their own, as `photostore.register` wants it; no transaction is open
while bytes travel.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, BinaryIO
from uuid import uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from media_uploads.files.intake import HEAD_BYTES, IMAGE_LIMITS, VIDEO_LIMITS, Kind, check_size, kind_of
from media_uploads.files.refusals import MediaFileNotFound, PersonaNotFound
from media_uploads.models import FILE_OWNER_LABEL, MediaFile, Persona
from media_uploads.quota import check_room, claim_room
from photostore import keys, scanner
from photostore.audit import Actor, failures_recorded, record, subject_of_user
from photostore.errors import InvalidFile
from photostore.intake import Rendition, take_in_image
from photostore.owners import Owner
from photostore.register import FileSet, NewFile, publish
from photostore.register.after_commit import drain_leftovers
from photostore.register.outbox import drain
from photostore.register.persistence import next_id, stored
from photostore.videos import take_in_video

MAX_NAME_LENGTH = 255
_FOLDERS = {Kind.IMAGE: "images", Kind.VIDEO: "videos"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A file that was looked at and may be kept. An image brings `data`, a video `opened`."""

    kind: MediaFile.Type
    content_type: str
    extension: str
    width: int
    height: int
    thumbnails: Mapping[str, Rendition]
    data: bytes = b""
    opened: BinaryIO | None = None
    duration_seconds: float | None = None


def keep_file(
    *,
    user: Any,
    persona_id: int,
    file: BinaryIO,
    filename: str,
    description: str,
    actor: Actor,
    also: Callable[[MediaFile], None] | None = None,
) -> MediaFile:
    """Keep the image or video in `file`, which can seek, for a persona of `user`.

    What it is is decided by its bytes, and its name must agree. Images are encoded anew, videos kept as they
    are. How large one request may be is the channel's affair. `file` stays open. What `also` does with the
    new row commits with it, or neither does.

    Raises `PersonaNotFound`, `InvalidFile`, `FileTooLarge` (`QuotaExceeded` is one), `StorageUnavailable`,
    and whatever `photostore.scanner.scan` raises.
    """
    if not Persona.objects.filter(pk=persona_id, user_id=user.pk).exists():
        raise PersonaNotFound(persona_id)
    with failures_recorded(actor, "media.upload", subject_of_user(user.pk)):
        incoming = _looked_at(user.pk, file, filename)
        file_set = _file_set(persona_id, user.pk, incoming)
        row = _row(incoming, file_set.original)
        row.user_id, row.persona_id = user.pk, persona_id
        row.original_filename, row.description = plain_name(filename), description
        owner = owner_of(row.pk)
        with owner.locked(), stored(file_set):
            _publish(owner, file_set, row, actor, also)
    drain_leftovers()
    return row


def _looked_at(user_id: int, file: BinaryIO, filename: str) -> Incoming:
    """The cheap questions first: size, leading bytes, quota; then the scanner; only then a decoder."""
    byte_count = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(HEAD_BYTES)
    if not head:
        raise InvalidFile(_("The file is empty."), code="empty_file")
    kind = kind_of(head, filename)
    check_size(kind, byte_count)
    check_room(user_id, byte_count)
    file.seek(0)
    scanner.scan(file)
    file.seek(0)
    return _image(file.read(), filename) if kind == Kind.IMAGE else _video(file, filename)


def _image(data: bytes, filename: str) -> Incoming:
    clean = take_in_image(data, filename=filename, limits=IMAGE_LIMITS)
    return Incoming(
        kind=Kind.IMAGE,
        content_type=clean.picture.content_type,
        extension=clean.picture.extension,
        width=clean.picture.width,
        height=clean.picture.height,
        thumbnails=clean.thumbnails,
        data=clean.picture.data,
    )


def _video(file: BinaryIO, filename: str) -> Incoming:
    clean = take_in_video(file, filename=filename, limits=VIDEO_LIMITS)
    return Incoming(
        kind=Kind.VIDEO,
        content_type=clean.content_type,
        extension=clean.extension,
        width=clean.width,
        height=clean.height,
        thumbnails=clean.thumbnails,
        opened=file,
        duration_seconds=clean.duration_seconds,
    )


def _file_set(persona_id: int, user_id: int, incoming: Incoming) -> FileSet:
    name = uuid4()
    folder = _FOLDERS[incoming.kind]
    return FileSet(
        original=NewFile(
            key=keys.persona_media(folder, persona_id, user_id, name, incoming.extension),
            data=incoming.data,
            opened=incoming.opened,
            content_type=incoming.content_type,
            width=incoming.width,
            height=incoming.height,
        ),
        derivatives=[
            NewFile.of(keys.persona_media_thumbnail(name, size), thumbnail)
            for size, thumbnail in incoming.thumbnails.items()
        ],
    )


def _row(incoming: Incoming, original: NewFile) -> MediaFile:
    now = timezone.now()
    return MediaFile(
        # The files are registered under this number, so it is there before the row.
        pk=next_id(MediaFile),
        file=original.key,
        sha256=original.sha256,
        file_size=original.byte_size,
        mime_type=original.content_type,
        media_type=incoming.kind,
        width=original.width,
        height=original.height,
        duration=incoming.duration_seconds,
        created_at=now,
        updated_at=now,
    )


def _publish(
    owner: Owner,
    file_set: FileSet,
    row: MediaFile,
    actor: Actor,
    also: Callable[[MediaFile], None] | None,
) -> None:
    """The rows, in the caller's transaction, with the bytes in place."""
    persona = Persona.objects.select_for_update(no_key=True)
    if not persona.filter(pk=row.persona_id, user_id=row.user_id).exists():
        raise PersonaNotFound(row.persona_id)
    if also is not None:
        also(row)  # first: a completed upload gives up the room that it was promised
    claim_room(row.user_id, row.file_size)
    row.save(force_insert=True)
    publish(owner, file_set)
    record(actor, "media.upload", subject=subject_of_user(row.user_id), new_sha256=row.sha256)


def delete_file(*, user: Any, file_id: int, actor: Actor) -> None:
    """Delete a media file of `user` for good: the row, and after the commit its bytes.

    Raises `MediaFileNotFound`.
    """
    with owner_of(file_id).locked():
        with transaction.atomic(durable=True):
            row = MediaFile.objects.select_for_update().filter(pk=file_id, user_id=user.pk).first()
            if row is None:
                raise MediaFileNotFound(file_id)
            row.delete()
            record(actor, "media.delete", subject=subject_of_user(user.pk), old_sha256=row.sha256)
        drain(owner_of(file_id))


def describe_file(*, user: Any, file_id: int, description: str, actor: Actor) -> MediaFile:
    """Give a media file of `user` another description. Raises `MediaFileNotFound`."""
    with transaction.atomic(durable=True):
        row = MediaFile.objects.select_for_update().filter(pk=file_id, user_id=user.pk).first()
        if row is None:
            raise MediaFileNotFound(file_id)
        row.description, row.updated_at = description, timezone.now()
        row.save(update_fields=["description", "updated_at"])
        record(actor, "media.describe", subject=subject_of_user(user.pk))
    return row


def owner_of(file_id: int) -> Owner:
    """A media file, as the register knows it. Each has one original, so a new one never retires another."""
    return Owner(FILE_OWNER_LABEL, str(file_id))


def plain_name(filename: str) -> str:
    """The last part of a name from a client: one line, no invisible characters, its extension kept."""
    name = "".join(
        letter for letter in filename.replace("\\", "/").rpartition("/")[2] if letter.isprintable()
    )
    ending = PurePosixPath(name).suffix[:16]
    return name if len(name) <= MAX_NAME_LENGTH else name[: MAX_NAME_LENGTH - len(ending)] + ending
