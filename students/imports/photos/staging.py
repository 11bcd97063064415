"""What waits in the storage for the yes or no to an import, under `imports/{uuid}/`: the photos' files."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import BinaryIO
from uuid import UUID

from photostore import keys
from photostore.intake import CleanImage
from photostore.register import mounted_storage
from photostore.storage import storage_for
from students.imports import lifecycle
from students.models import Import

KEPT_IN = (Import.State.READING, Import.State.READY, Import.State.COMMITTING, Import.State.COMMITTED)
PREVIEW_SIZE = "256"


def stage(import_id: UUID, n: int, clean: CleanImage) -> str:
    """Write the picture of a row and its thumbnails; the picture's key. Raises `StorageUnavailable`."""
    storage, picture = mounted_storage(), clean.picture
    for size, small in clean.thumbnails.items():
        key = keys.import_thumbnail(import_id, n, size)
        storage.put(key, small.data, content_type=small.content_type, durable=False)
    key = keys.import_photo(import_id, n, picture.extension)
    storage.put(key, picture.data, content_type=picture.content_type)
    return key


def put_source(import_id: UUID, place: int, file: BinaryIO) -> None:
    """Keep a zip until it is read. Raises `StorageUnavailable`."""
    file.seek(0)
    mounted_storage().put(keys.import_source(import_id, place), file, content_type="application/zip")


@contextmanager
def opened_source(import_id: UUID, place: int) -> Iterator[BinaryIO]:
    """The zip, as a file that can seek. Raises `FileMissing`."""
    storage, key = storage_for(), keys.import_source(import_id, place)
    opened = storage.open_file(key)
    if opened is None:
        opened = storage.scratch()
        for piece in storage.stream(key):
            opened.write(piece)
        opened.seek(0)
    with opened:
        yield opened


def remove_sources(batch: Import) -> None:
    """They are read. Raises `StorageUnavailable`."""
    for place in range(batch.options.get("sources", 0)):
        storage_for().remove(keys.import_source(batch.pk, place))


def remove_all(import_id: UUID) -> None:
    """Nothing of the import stays in the storage. Raises `StorageUnavailable`."""
    storage, prefix = storage_for(), f"{keys.IMPORTS}{import_id}/"
    if storage.is_prepared():
        for found in [*storage.scan(prefix), *storage.partials(prefix)]:
            storage.remove(found.key)


def awaited_keys(asked: Collection[str]) -> set[str]:
    """Those of `asked` that belong to an import that still stands: what the inventory asks."""
    named = {key: _import_of(key) for key in asked if key.startswith(keys.IMPORTS)}
    standing = lifecycle.standing().filter(pk__in={pk for pk in named.values() if pk}, state__in=KEPT_IN)
    alive = set(standing.values_list("pk", flat=True)) if named else set()
    return {key for key, pk in named.items() if pk in alive}


def _import_of(key: str) -> UUID | None:
    try:
        return UUID(key.split("/")[1])
    except (IndexError, ValueError):
        return None
