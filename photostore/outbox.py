"""Removing bytes after the commit that gave them up. A database trigger fills the outbox, code empties it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from typing import Any

from django.core.exceptions import SuspiciousFileOperation
from django.db import DatabaseError, connection
from django.db.models import QuerySet
from django.utils import timezone

from photostore import keys
from photostore.errors import FileMissing, PhotostoreError, StorageAway
from photostore.inventory.knowledge import held
from photostore.locks import try_lock, unlock
from photostore.models import PendingRemoval, QuarantinedFile, StoredFile
from photostore.register import Owner, refresh_copies
from photostore.storage import storage_for

logger = logging.getLogger(__name__)

SETTLING = "photostore.settling"
LEFTOVER_OWNERS = 5
ABANDONED_AFTER = timedelta(minutes=1)
BATCH = 500


def drain(owner: Owner) -> int:
    """Remove or set aside what this owner gave up; call it under the owner's lock. The number done.

    A storage that is away leaves the rest in the outbox: the change itself is committed and true.
    """
    done: list[int] = []
    away: set[str] = set()  # asked once: each further question would wait as long again
    pending = list(PendingRemoval.objects.filter(**owner.files).order_by("pk"))
    claimed = _claimed(pending)
    for removal in pending:
        if removal.storage_alias in away:
            continue
        try:
            if (removal.storage_alias, removal.key) not in claimed:
                _remove(removal)
            done.append(removal.pk)
        except (PhotostoreError, SuspiciousFileOperation) as error:
            logger.exception("A file that was given up could not be removed yet; it stays in the outbox.")
            if isinstance(error, StorageAway):
                away.add(removal.storage_alias)
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


def drain_leftovers() -> int:
    """Remove a few files that somebody gave up and could not remove: SQL by hand, or a process that died.

    Called after every upload, so it costs one look at an index that is nearly always empty. The number
    of files done.
    """
    abandoned = timezone.now() - ABANDONED_AFTER
    pending = PendingRemoval.objects.filter(queued_at__lt=abandoned)
    owners = pending.values_list("owner_label", "owner_id").distinct()[:LEFTOVER_OWNERS]
    return sum(_under_its_lock(Owner(*owner), drain) for owner in owners)


def settle_after_a_crash() -> None:
    """At a worker's start: one worker settles everything, the others leave it to that one."""
    try:
        if try_lock(SETTLING):
            try:
                settle_everything()
            finally:
                unlock(SETTLING)
    except DatabaseError:
        logger.exception("What a crash left could not be settled at the start.")
    finally:
        connection.close()


def settle_everything() -> int:
    """Finish whatever a crash interrupted: copies that are behind, files that were given up.

    Owners whose files are being changed right now are left to whoever changes them. The number of files
    done.
    """
    stale = StoredFile.objects.filter(kind=StoredFile.Kind.COPY, written_at=None)
    return sum(_under_its_lock(owner, refresh_copies) for owner in _owners(stale)) + drain_all()


def drain_all() -> int:
    """Remove or set aside all that was given up, whoever did it; the number done.

    For after a commit that took along things of many owners, perhaps of other apps. The outbox is empty
    otherwise, so nearly all of it is theirs. As `settle_everything`, it leaves to others what they hold.
    """
    return sum(_under_its_lock(owner, drain) for owner in _owners(PendingRemoval.objects.all()))


def _owners(rows: QuerySet[Any]) -> Iterator[Owner]:
    """Whose these rows are, read in batches by primary key: what fails is passed, not tried for ever."""
    last, previous = 0, None
    while batch := list(
        rows.filter(pk__gt=last).order_by("pk").values_list("pk", "owner_label", "owner_id")[:BATCH]
    ):
        for pk, label, owner_id in batch:
            last, owner = pk, Owner(label, owner_id)
            if owner != previous:
                yield owner
            previous = owner


def _under_its_lock(owner: Owner, work: Callable[[Owner], int]) -> int:
    try:
        with _held_keys(owner):
            return _if_free(owner, work)
    except (PhotostoreError, SuspiciousFileOperation):
        logger.exception("The files of %s %s could not be settled.", owner.label, owner.id)
        return 0


def _if_free(owner: Owner, work: Callable[[Owner], int]) -> int:
    if not try_lock(owner.lock):
        return 0
    try:
        return work(owner)
    finally:
        unlock(owner.lock)


@contextmanager
def _held_keys(owner: Owner) -> Iterator[None]:
    """The lock under which these keys are published, which may be another owner's: an attendance photo
    lies in its student's folder, and a new one may publish the very key that this one gave up."""
    key = PendingRemoval.objects.filter(**owner.files).values_list("key", flat=True).first()
    with held(key) if key else nullcontext():
        yield
