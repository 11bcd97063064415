"""Removing bytes after the commit that gave them up. A database trigger fills the outbox, code empties it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from photostore import keys
from photostore.errors import FileMissing, PhotostoreError
from photostore.locks import try_lock, unlock
from photostore.models import PendingRemoval, QuarantinedFile, StoredFile
from photostore.register import Owner, refresh_copies
from photostore.storage import storage_for

logger = logging.getLogger(__name__)

LEFTOVER_OWNERS = 5
BATCH = 500


def drain(owner: Owner) -> int:
    """Remove or set aside what this owner gave up; call it under the owner's lock. The number done.

    A storage that is away leaves the rest in the outbox: the change itself is committed and true.
    """
    done: list[int] = []
    pending = list(PendingRemoval.objects.filter(**owner.files).order_by("pk"))
    claimed = _claimed(pending)
    try:
        for removal in pending:
            if (removal.storage_alias, removal.key) not in claimed:
                _remove(removal)
            done.append(removal.pk)
    except PhotostoreError:
        logger.exception("A file that was given up could not be removed yet; it stays in the outbox.")
    if done:
        PendingRemoval.objects.filter(pk__in=done).delete()
    return len(done)


def _claimed(pending: Sequence[PendingRemoval]) -> set[tuple[str, str]]:
    """Which of these files a row names again: they were published anew since, and stay."""
    keys_given_up = [removal.key for removal in pending]
    if not keys_given_up:
        return set()
    return set(StoredFile.objects.filter(key__in=keys_given_up).values_list("storage_alias", "key"))


def _remove(removal: PendingRemoval) -> None:
    storage = storage_for(removal.storage_alias)
    if removal.operation is None:
        storage.remove(removal.key)
        return
    try:
        storage.move(removal.key, keys.quarantined(removal.operation, removal.key))
    except FileMissing:
        # Either a drain died between the move and its row, or the bytes were gone before.
        if storage.stat(keys.quarantined(removal.operation, removal.key)) is None:
            logger.error("%s was to be set aside, but it is not there.", removal.key)
            return
    QuarantinedFile.objects.get_or_create(
        operation=removal.operation,
        storage_alias=removal.storage_alias,
        key=removal.key,
        defaults={
            name: getattr(removal, name)
            for name in ("sha256", "byte_size", "content_type", "owner_label", "owner_id")
        },
    )


def drain_leftovers(limit: int = LEFTOVER_OWNERS) -> int:
    """Remove what somebody else gave up and could not remove: SQL by hand, or a process that died.

    Owners whose files are being changed right now are left to whoever changes them. The number done.
    """
    owners = PendingRemoval.objects.values_list("owner_label", "owner_id").distinct()[:limit]
    return sum(_under_its_lock(Owner(*owner)) for owner in owners)


def settle_everything() -> None:
    """Finish whatever a crash interrupted: copies that are behind, files that were given up."""
    while True:
        stale = StoredFile.objects.filter(kind=StoredFile.Kind.COPY, written_at=None)
        owners = list(stale.values_list("owner_label", "owner_id").distinct()[:BATCH])
        if not _advance(owners):
            break
    while drain_leftovers(BATCH):
        pass


def _advance(owners: Iterable[tuple[str, str]]) -> bool:
    """Settle each of these owners; whether any of it worked, so that another round is worthwhile."""
    return sum(_under_its_lock(Owner(*owner), copies=True) for owner in owners) > 0


def _under_its_lock(owner: Owner, *, copies: bool = False) -> int:
    if not try_lock(owner.lock):
        return 0
    try:
        refreshed = refresh_copies(owner) if copies else 0
        return refreshed + drain(owner)
    except PhotostoreError:
        logger.exception("The files of %s %s could not be settled.", owner.label, owner.id)
        return 0
    finally:
        unlock(owner.lock)
