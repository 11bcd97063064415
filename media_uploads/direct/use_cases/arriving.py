"""Use case: bytes of an announced file arrive here; and what is known of one that is on its way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from media_uploads.direct.refusals import MoreThanAnnounced, UploadCompleted, UploadNotFound, WrongOffset
from media_uploads.models import DirectUpload
from photostore.errors import FileMissing
from photostore.incoming import bucket, spool
from photostore.storage import storage_for

Way = DirectUpload.Way


def own_upload(user: Any, upload_id: UUID) -> DirectUpload:
    """An upload of `user`, open or completed. Raises `UploadNotFound`, also for one that is over."""
    found = DirectUpload.objects.filter(pk=upload_id, user_id=user.pk).first()
    if found is None or not (found.completed_at or _can_go_on(found)):
        raise UploadNotFound
    return found


def speaks_tus() -> bool:
    """Whether bytes come through us; a bucket takes them itself, and speaks another language."""
    return not storage_for().takes_uploads_itself


def _can_go_on(upload: DirectUpload) -> bool:
    """Whether its time has not run out, and its bytes gather where we keep files today.

    Between a disk and a bucket nothing that is half there is taken along: the client begins anew.
    """
    return upload.is_open and (upload.way == Way.TUS) == speaks_tus()


def receive_bytes(
    *, user: Any, upload_id: UUID, offset: int, byte_count: int | None, read: Callable[[int], bytes]
) -> DirectUpload:
    """Add what `read` gives to what has arrived, from `offset` on; `byte_count` is None where it is unknown.

    What came before a broken connection stays. Raises `UploadNotFound`, `UploadCompleted`, `WrongOffset`,
    `MoreThanAnnounced`, `InUse`, `StorageUnavailable` and whatever `read` raises.
    """
    upload = own_upload(user, upload_id)
    if upload.way != Way.TUS:
        raise UploadNotFound
    if upload.completed_at:
        raise UploadCompleted
    try:
        with spool.held_spool(upload.key) as held:
            arrived = held.byte_size
            if arrived != offset:
                raise WrongOffset(arrived)
            room = upload.size - arrived
            if byte_count is not None and byte_count > room:
                raise MoreThanAnnounced
            held.append(read, byte_count=room)
            if byte_count is None and held.byte_size == upload.size and read(1):
                raise MoreThanAnnounced
    except FileMissing as error:
        raise UploadNotFound from error
    return upload


def arrived_bytes(upload: DirectUpload) -> int:
    """How much of an open upload is here for good. Raises `UploadNotFound` and `StorageUnavailable`."""
    if upload.completed_at:
        return upload.size
    if upload.way == Way.TUS:
        try:
            return spool.arrived_bytes(upload.key)
        except FileMissing as error:
            raise UploadNotFound from error
    found = storage_for().stat(upload.key)
    if found is not None:
        return found.byte_size
    if upload.way == Way.PUT:
        return 0
    parts = bucket.arrived_parts(upload.key, upload.multipart_id) or {}
    return sum(size for size, _etag in parts.values())
