"""Use cases: an upload is given up, or its time is over."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from media_uploads.direct.refusals import BeingCompleted, UploadCompleted
from media_uploads.direct.use_cases.arriving import own_upload
from media_uploads.models import UPLOAD_OWNER_LABEL, DirectUpload
from photostore import keys
from photostore.audit import Actor, record, subject_of_user
from photostore.errors import FileMissing, PhotostoreError
from photostore.incoming import bucket, spool
from photostore.locks import try_lock, unlock
from photostore.owners import Owner
from photostore.register.outbox import drain
from photostore.storage import storage_for

logger = logging.getLogger(__name__)

Way = DirectUpload.Way
# After every upload that is opened, so many old ones are looked at; the command sees to the rest.
A_FEW = 5


def owner_of(upload_id: UUID) -> Owner:
    """An upload, as locks and the outbox know it."""
    return Owner(UPLOAD_OWNER_LABEL, str(upload_id))


@contextmanager
def held_upload(upload_id: UUID) -> Iterator[None]:
    """Hold off everybody else who would complete or remove it. Raises `BeingCompleted` where one does.

    No request waits: a film is looked at for half a minute, and who asks ten times over would keep ten
    threads.
    """
    owner = owner_of(upload_id)
    if not try_lock(owner.lock):
        raise BeingCompleted
    try:
        yield
    finally:
        unlock(owner.lock)


def abort_upload(*, user: Any, upload_id: UUID, actor: Actor) -> None:
    """Give an upload up: what had arrived is gone.

    Raises `UploadNotFound`, `UploadCompleted`, `BeingCompleted`, `InUse` while bytes arrive,
    `StorageUnavailable`.
    """
    own_upload(user, upload_id)  # before the lock: a foreign one that is held is not found either
    with held_upload(upload_id):
        upload = own_upload(user, upload_id)
        if upload.completed_at:
            raise UploadCompleted
        try:
            with spool.held_spool(upload.key) if upload.way == Way.TUS else nullcontext():
                remove_upload(upload, actor=actor)
        except FileMissing:
            remove_upload(upload, actor=actor)


def remove_upload(upload: DirectUpload, *, actor: Actor | None = None) -> None:
    """Forget an upload and, after the commit, its bytes; for callers under its lock. Raises
    `StorageUnavailable`.

    Parts in a bucket that is ours no more are left to its own rule for unfinished uploads.
    """
    if upload.multipart_id and not upload.completed_at and storage_for().takes_uploads_itself:
        bucket.abort_multipart(upload.key, upload.multipart_id)
    with transaction.atomic(durable=True):
        DirectUpload.objects.filter(pk=upload.pk).delete()
        if actor is not None:
            record(actor, "media.abort", subject=subject_of_user(upload.user_id))
    drain(owner_of(upload.pk))


def give_up_bytes(upload: DirectUpload) -> None:
    """Remove what was prepared for an upload that got no row. Raises `StorageUnavailable`."""
    if upload.multipart_id:
        bucket.abort_multipart(upload.key, upload.multipart_id)
    if upload.way == Way.TUS:
        storage_for().remove(upload.key)


def removable(older_than: timedelta | None = None) -> QuerySet[DirectUpload]:
    """Uploads whose time is over; with `older_than` those announced longer ago than that."""
    if older_than is None:
        return DirectUpload.objects.expired().order_by("pk")
    return DirectUpload.objects.filter(created_at__lt=timezone.now() - older_than).order_by("pk")


def remove_over(uploads: Iterable[DirectUpload]) -> Iterator[bool]:
    """Remove these, unless they are being completed at this moment; for each, whether it went."""
    for upload in uploads:
        owner = owner_of(upload.pk)
        if not try_lock(owner.lock):
            yield False
            continue
        try:
            again = DirectUpload.objects.filter(pk=upload.pk).first()
            if again is not None:
                remove_upload(again)
            yield again is not None
        finally:
            unlock(owner.lock)


def remove_a_few_expired() -> None:
    """What regular traffic sweeps along the way: one look at an index that mostly finds nothing."""
    try:
        for _went in remove_over(list(removable()[:A_FEW])):
            pass
    except PhotostoreError:
        logger.exception("An expired upload could not be removed; the next one tries again.")


def unowned_multiparts(older_than: timedelta) -> Iterator[bucket.Unfinished]:
    """Uploads in parts that the storage still keeps open and no row knows. Raises `StorageUnavailable`."""
    if not storage_for().takes_uploads_itself:
        return
    for found in bucket.unfinished_multiparts():
        known = DirectUpload.objects.filter(key=found.key, multipart_id=found.multipart_id, completed_at=None)
        if found.begun_at < timezone.now() - older_than and not known.exists():
            yield found


def unowned_bytes(older_than: timedelta) -> Iterator[str]:
    """Keys of bytes that came by a link when its upload was over, and that no upload waits for.

    Raises `StorageUnavailable`.
    """
    before = timezone.now() - max(older_than, bucket.LINK_LIFE)
    if not storage_for().is_prepared():
        return
    for found in storage_for().scan(keys.INCOMING):
        if found.modified_at < before and not awaited_keys([found.key]):
            yield found.key


def awaited_keys(asked: Collection[str]) -> set[str]:
    """Those of `asked` under which bytes of an open upload gather: what the inventory asks."""
    open_uploads = DirectUpload.objects.filter(key__in=asked, completed_at=None)
    return set(open_uploads.values_list("key", flat=True))
