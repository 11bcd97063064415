"""The files of a user's image: taken in, named, and where they go."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection

from media_uploads.models import IMAGE_OWNER_LABEL
from photostore import keys
from photostore.errors import InvalidFile, WrongType
from photostore.intake import CleanImage, ImageLimits, take_in_image
from photostore.locks import advisory_lock
from photostore.models import PendingRemoval, StoredFile
from photostore.owners import Owner
from photostore.register import FileSet, NewFile
from photostore.storage import storage_for
from photostore.uploads.handler import MEGABYTE

MAX_FILE_BYTES = 10 * MEGABYTE
FORMATS = frozenset({"jpeg", "png", "gif", "webp", "heic", "avif"})
WRONG_TYPES = {"unsupported_format", "wrong_extension"}
_STAMPS = "media_uploads_image_stamps"
_NEXT_STAMP = f"SELECT setval('{_STAMPS}', greatest(nextval('{_STAMPS}'), %s))"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def take_in(data: bytes, *, filename: str) -> CleanImage:
    """The picture in `data`, upright and without tags; an animation stays one.

    Raises `WrongType`, `InvalidFile`, `FileTooLarge`.
    """
    limits = ImageLimits(
        formats=FORMATS,
        max_bytes=MAX_FILE_BYTES,
        max_side=settings.PHOTO_MAX_SIDE,
        animation=True,
        webp_alpha=True,
    )
    try:
        return take_in_image(data, filename=filename, limits=limits)
    except InvalidFile as error:
        if error.code in WRONG_TYPES:
            raise WrongType(code=error.code, field="image", field_sentence=error.sentence) from error
        error.field = "image"
        raise


def owner_of(image_id: UUID) -> Owner:
    """An image, as the register knows it."""
    return Owner(IMAGE_OWNER_LABEL, str(image_id))


def files_of(image_id: UUID, key: str, clean: CleanImage) -> FileSet:
    """What is kept of an image: the picture under `key`, and its thumbnails."""
    picture = clean.picture
    return FileSet(
        original=NewFile.of(key, picture),
        derivatives=[
            NewFile.of(keys.user_image_thumbnail(image_id, size), thumbnail)
            for size, thumbnail in clean.thumbnails.items()
        ],
        storage_alias=home_of_images(),
    )


def home_of_images() -> str:
    """The storage alias for new images: the public bucket where there is one. Older ones stay put."""
    return "public" if "public" in settings.STORAGES else "default"


def new_key(folder: str, image_type: str, extension: str) -> tuple[str, datetime]:
    """A key in the user's folder that was never used, and the moment in it. Raises `StorageUnavailable`.

    The stamp alone is new in this database. A database that came back from a backup may have forgotten
    some, and a folder may hold files of other origin; so register, outbox and storage are asked as well.
    """
    while True:
        stamp = next_stamp()
        key = keys.user_image(folder, image_type, stamp, extension)
        if not _is_taken(key):
            return key, EPOCH + timedelta(microseconds=stamp)


def next_stamp() -> int:
    """Microseconds since 1970, larger than every one given out before, whatever the clock does."""
    now = time.time_ns() // 1000
    with advisory_lock(_STAMPS), connection.cursor() as cursor:
        cursor.execute(_NEXT_STAMP, [now])
        return int(cursor.fetchone()[0])


def _is_taken(key: str) -> bool:
    alias = home_of_images()
    known = {"storage_alias": alias, "key": key}
    if StoredFile.objects.filter(**known).exists() or PendingRemoval.objects.filter(**known).exists():
        return True
    storage = storage_for(alias)
    return storage.is_prepared() and storage.stat(key) is not None
