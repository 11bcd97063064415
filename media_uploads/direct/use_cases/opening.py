"""Use case: a user announces a file and learns where to send it."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from media_uploads.direct.refusals import TooManyOpenUploads
from media_uploads.direct.use_cases.arriving import speaks_tus
from media_uploads.direct.use_cases.ending import give_up_bytes, remove_a_few_expired
from media_uploads.files.intake import check_announced
from media_uploads.files.refusals import PersonaNotFound
from media_uploads.files.use_cases import plain_name
from media_uploads.models import DirectUpload, Persona
from media_uploads.quota import claim_room
from photostore import keys
from photostore.audit import Actor, record, subject_of_user
from photostore.errors import InvalidFile, PhotostoreError, StorageUnavailable
from photostore.incoming import bucket, spool

LIFE = timedelta(hours=24)
# One PUT up to here: it cannot be resumed, and what is lost with it is sent again.
MAX_PUT_BYTES = 2 * bucket.PART_BYTES
ANY_TYPE = "application/octet-stream"

Way = DirectUpload.Way


def open_upload(
    *,
    user: Any,
    persona_id: int,
    filename: str,
    size: int,
    content_type: str,
    description: str,
    actor: Actor,
    tus_metadata: str = "",
) -> DirectUpload:
    """Reserve room for `size` bytes, and a place for them to arrive at within 24 hours.

    What the name and the size already tell is refused here; the bytes are judged once they are complete.

    Raises `PersonaNotFound`, `InvalidFile`, `FileTooLarge` (`QuotaExceeded` is one), `TooManyOpenUploads`,
    `StorageUnavailable`.
    """
    if not Persona.objects.filter(pk=persona_id, user_id=user.pk).exists():
        raise PersonaNotFound(persona_id)
    name = plain_name(filename)
    if size < 1:
        raise InvalidFile(_("The file is empty."), code="empty_file", field="size")
    check_announced(name, size)
    upload = _row(user.pk, persona_id, name, size, content_type)
    upload.description, upload.tus_metadata = description, tus_metadata
    _reserve(upload)
    _prepare(upload)
    try:
        _keep(upload, actor)
    except PhotostoreError:
        with suppress(StorageUnavailable):  # what stays is swept after a day
            give_up_bytes(upload)
        raise
    remove_a_few_expired()
    return upload


def _row(user_id: int, persona_id: int, name: str, size: int, content_type: str) -> DirectUpload:
    upload_id, now = uuid4(), timezone.now()
    return DirectUpload(
        id=upload_id,
        user_id=user_id,
        persona_id=persona_id,
        key=keys.incoming(user_id, upload_id),
        filename=name,
        size=size,
        content_type=content_type or ANY_TYPE,
        way=_way(size),
        created_at=now,
        expires_at=now + LIFE,
    )


def _way(size: int) -> Way:
    if speaks_tus():
        return Way.TUS
    return Way.PUT if size <= MAX_PUT_BYTES else Way.MULTIPART


def _prepare(upload: DirectUpload) -> None:
    """Bytes first: a row would promise a place that may not be there."""
    if upload.way == Way.TUS:
        spool.begin_spool(upload.key)
    elif upload.way == Way.MULTIPART:
        upload.multipart_id = bucket.begin_multipart(upload.key, content_type=upload.content_type)


def _keep(upload: DirectUpload, actor: Actor) -> None:
    with transaction.atomic(durable=True):
        persona = Persona.objects.select_for_update(no_key=True)
        if not persona.filter(pk=upload.persona_id, user_id=upload.user_id).exists():
            raise PersonaNotFound(upload.persona_id)
        _reserve_locked(upload)
        upload.save(force_insert=True)
        record(actor, "media.announce", subject=subject_of_user(upload.user_id))


def _reserve(upload: DirectUpload) -> None:
    """The same questions as `_keep` asks for certain, before the storage is asked for anything."""
    with transaction.atomic(durable=True):
        _reserve_locked(upload)


def _reserve_locked(upload: DirectUpload) -> None:
    waiting = claim_room(upload.user_id, upload.size)
    if waiting >= settings.OPEN_UPLOADS_PER_USER:
        raise TooManyOpenUploads(waiting=waiting)
