"""The kinds of imports, and the two jobs: reading and committing one, whichever it is."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from photostore.audit import Actor
from photostore.errors import PhotostoreError, StorageUnavailable
from students.imports import lifecycle
from students.imports.kind import ImportKind
from students.imports.photos.kind import PhotoImports
from students.imports.roster.kind import StudentImports
from students.models import Import

KINDS: dict[str, ImportKind] = {
    Import.Kind.STUDENTS: StudentImports(),
    Import.Kind.PHOTOS: PhotoImports(),
}


def read(import_id: UUID) -> None:
    """Read what was handed in; nothing where it is read already. Raises `StorageUnavailable`: try again."""
    batch = Import.objects.filter(pk=import_id, state=Import.State.READING).first()
    if batch is None:
        return
    try:
        KINDS[batch.kind].read(batch)
    except StorageUnavailable:
        raise
    except PhotostoreError as why:
        lifecycle.failed(batch, why)
        _forget(batch)


def commit(import_id: UUID) -> None:
    """Commit it, or go on where a killed run stopped. Raises `StorageUnavailable`, `CommandRefused`: try
    again.
    """
    batch = Import.objects.filter(pk=import_id, state=Import.State.COMMITTING).first()
    if batch is not None:
        KINDS[batch.kind].commit(batch)


def discard(batch: Import, actor: Actor) -> None:
    """It is not wanted: see `lifecycle.discard`."""
    lifecycle.discard(batch, actor)
    _forget(batch)


def forget_expired() -> int:
    """Imports whose time is over go, with what lies in the storage for them; how many."""
    for batch in lifecycle.expired():
        KINDS[batch.kind].forget(batch)
    return lifecycle.forget_expired()


def _forget(batch: Import) -> None:
    """What cannot go now, goes when the import expires, or with the sweep."""
    with suppress(StorageUnavailable):
        KINDS[batch.kind].forget(batch)
