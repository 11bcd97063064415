"""What is done after a commit: exports are brought up, what was given up goes.

By the process that committed, under the owner's lock; where that process died, by the next one.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from typing import Any

from django.core.exceptions import SuspiciousFileOperation
from django.db import DatabaseError, connection
from django.db.models import QuerySet
from django.utils import timezone

from photostore.errors import ExportsPending, FileMissing, PhotostoreError
from photostore.locks import try_lock, unlock
from photostore.models import PendingRemoval, StoredFile
from photostore.owners import Owner, files_of
from photostore.references.apps import locked_key
from photostore.register.file_sets import NewFile, mounted_storage
from photostore.register.outbox import drain
from photostore.storage import storage_for
from photostore.storage.base import Put

logger = logging.getLogger(__name__)

# A copy on another storage passes through memory; nothing that is copied is larger than a photo.
MAX_COPY_BYTES = 64 * 1_048_576
FINISHING = "photostore.after_commit"
LEFTOVER_OWNERS = 5
ABANDONED_AFTER = timedelta(minutes=1)
BATCH = 500


def finish_commit(*owners: Owner, original: NewFile | None = None) -> None:
    """After the commit, under the owners' locks: refresh the exports, remove what was given up.

    `original` saves reading the bytes back when they are at hand. Raises `ExportsPending`; a removal
    that fails waits in the outbox.
    """
    try:
        refresh_exports(*owners, original=original)
    except (PhotostoreError, SuspiciousFileOperation) as error:
        logger.exception("A export could not be written.")
        raise ExportsPending from error
    drain(*owners)


def refresh_exports(*owners: Owner, original: NewFile | None = None) -> int:
    """Bring the owners' documented names up to today's originals; the number that was behind.

    Raises `FileMissing` for an original that is gone or damaged: a copy may be the last whole one.
    """
    stale = StoredFile.objects.filter(files_of(owners), kind=StoredFile.Kind.EXPORT, written_at=None)
    rows = list(stale.order_by("owner_id", "pk").select_related("parent"))
    for alias in dict.fromkeys(row.storage_alias for row in rows):
        puts = _exports([row for row in rows if row.storage_alias == alias], original)
        mounted_storage(alias).put_many(puts)
    if rows:
        stale.update(written_at=timezone.now())
    return len(rows)


def _exports(rows: Sequence[StoredFile], original: NewFile | None) -> Iterator[Put]:
    for row in rows:
        assert row.parent is not None
        if original is not None and original.data and original.sha256 == row.sha256:
            data = original.data
        else:
            data = _original_bytes(row.parent)
        yield Put(row.key, data, row.content_type)


def _original_bytes(original: StoredFile) -> bytes:
    data = storage_for(original.storage_alias).read(original.key, max_bytes=MAX_COPY_BYTES)
    if hashlib.sha256(data).hexdigest() != original.sha256:
        raise FileMissing
    return data


def drain_leftovers() -> int:
    """Remove a few files that were given up and not removed: SQL by hand, or a process that died.

    Called after every upload, so it costs one look at an index that is nearly always empty. The number
    of files done.
    """
    abandoned = timezone.now() - ABANDONED_AFTER
    pending = PendingRemoval.objects.filter(queued_at__lt=abandoned)
    owners = pending.values_list("owner_label", "owner_id").distinct()[:LEFTOVER_OWNERS]
    return sum(_under_its_lock(Owner(*owner), drain) for owner in owners)


def finish_after_a_crash() -> None:
    """At a worker's start: one worker finishes everything, the others leave it to that one."""
    try:
        if try_lock(FINISHING):
            try:
                finish_all_commits()
            finally:
                unlock(FINISHING)
    except DatabaseError:
        logger.exception("What a crash left could not be finished at the start.")
    finally:
        connection.close()


def finish_all_commits() -> int:
    """Finish whatever a crash interrupted: copies that are behind, files that were given up.

    Owners whose files are being changed right now are left to the process that changes them. The number of
    files done.
    """
    stale = StoredFile.objects.filter(kind=StoredFile.Kind.EXPORT, written_at=None)
    return sum(_under_its_lock(owner, refresh_exports) for owner in _owners(stale)) + drain_all()


def drain_all() -> int:
    """Remove or set aside all that was given up, whatever gave it up; the number done.

    For after a commit that took along things of many owners, perhaps of other apps. The outbox is empty
    otherwise, so nearly all of it is theirs. As `finish_all_commits`, it leaves to others what they hold.
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
        with _locked_keys(owner):
            return _if_free(owner, work)
    except (PhotostoreError, SuspiciousFileOperation):
        logger.exception("The files of %s %s could not be finished.", owner.label, owner.id)
        return 0


def _if_free(owner: Owner, work: Callable[[Owner], int]) -> int:
    if not try_lock(owner.lock):
        return 0
    try:
        return work(owner)
    finally:
        unlock(owner.lock)


@contextmanager
def _locked_keys(owner: Owner) -> Iterator[None]:
    """The lock under which these keys are published, which may be another owner's: an attendance photo
    lies in its student's folder, and a new one may publish the very key that this one gave up."""
    key = PendingRemoval.objects.filter(**owner.files).values_list("key", flat=True).first()
    with locked_key(key) if key else nullcontext():
        yield
