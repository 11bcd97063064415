"""Use case: a file has arrived whole; it is checked like any other, and becomes a media file once.

The claim on the upload's row commits together with the media file's row: dying before it leaves an open
upload that can be completed again, dying after it a completed one whose arrived bytes wait in the outbox.

From a bucket the bytes are fetched into a temporary file, checked, and put under the final key from there. A
copy inside the bucket would save that way, but the presigned link is still good: what is copied a moment
later need not be what was checked.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast
from uuid import UUID

from django.utils import timezone

from media_uploads.direct.refusals import NotAsAnnounced, UploadCompleted, UploadIncomplete, UploadNotFound
from media_uploads.direct.use_cases.arriving import arrived_bytes, own_upload
from media_uploads.direct.use_cases.ending import held_upload, owner_of, remove_upload
from media_uploads.files.use_cases import keep_file
from media_uploads.models import DirectUpload, MediaFile
from photostore.audit import Actor
from photostore.errors import FileMissing, FileTooLarge, InvalidFile
from photostore.incoming import bucket
from photostore.register.outbox import drain
from photostore.storage import storage_for
from photostore.storage.folders import disk_errors

Way = DirectUpload.Way


def complete_upload(*, user: Any, upload_id: UUID, actor: Actor) -> MediaFile:
    """Make a media file of what has arrived. A file that is refused is gone, and its upload with it.

    Raises `UploadNotFound`, `UploadCompleted`, `BeingCompleted`, `UploadIncomplete`, and whatever `keep_file`
    raises; after `StorageUnavailable` and a scanner that is unavailable it can be tried again.
    """
    own_upload(user, upload_id)  # before the lock: a foreign one that is held is not found either
    with held_upload(upload_id):
        upload = own_upload(user, upload_id)
        if upload.completed_at:
            raise UploadCompleted
        try:
            with _whole(upload) as file:
                kept = keep_file(
                    user=user,
                    persona_id=upload.persona_id,
                    file=file,
                    filename=upload.filename,
                    description=upload.description,
                    actor=actor,
                    also=lambda row: _claim(upload, row),
                )
        except (InvalidFile, FileTooLarge):
            remove_upload(upload)
            raise
        drain(owner_of(upload_id))
    return kept


def _claim(upload: DirectUpload, row: MediaFile) -> None:
    """Compare and swap, in the transaction of the media file's row."""
    still = DirectUpload.objects.filter(pk=upload.pk, completed_at=None)
    if not still.update(completed_at=timezone.now(), file_id=row.pk):
        raise UploadCompleted


@contextmanager
def _whole(upload: DirectUpload) -> Iterator[BinaryIO]:
    """All of its bytes, as a file that can seek. Raises `UploadIncomplete`, `NotAsAnnounced`."""
    arrived = arrived_bytes(upload)
    if arrived < upload.size and upload.way != Way.PUT:
        raise UploadIncomplete(arrived=arrived, size=upload.size)
    if upload.way == Way.MULTIPART:
        _join(upload)
    try:
        opened = storage_for().open_file(upload.key)
        if opened is None:
            opened = _fetched(upload)
    except FileMissing as error:
        if upload.way == Way.PUT:
            raise UploadIncomplete(arrived=0, size=upload.size) from error
        raise UploadNotFound from error
    with opened as file:
        yield file


def _join(upload: DirectUpload) -> None:
    """Make one object of the parts, unless an earlier attempt has."""
    if storage_for().stat(upload.key) is not None:
        return
    parts = bucket.arrived_parts(upload.key, upload.multipart_id)
    if parts is None:
        raise UploadNotFound
    if [size for _number, (size, _etag) in sorted(parts.items())] != bucket.part_sizes(upload.size):
        raise NotAsAnnounced
    bucket.join_parts(upload.key, upload.multipart_id, parts)


def _fetched(upload: DirectUpload) -> BinaryIO:
    """A copy of our own, which no client can change while it is checked."""
    chunks = storage_for().stream(upload.key, end=upload.size + 1)
    copy = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - the caller closes it
    try:
        for chunk in chunks:
            _write(copy, chunk)
        if copy.tell() != upload.size:
            raise NotAsAnnounced
        copy.seek(0)
    except BaseException:
        copy.close()
        raise
    return copy


def _write(copy: BinaryIO, chunk: bytes) -> None:
    with disk_errors():
        copy.write(chunk)
