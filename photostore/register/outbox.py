"""Removing bytes after the commit that gave them up. A database trigger fills the outbox, code empties it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from django.core.exceptions import SuspiciousFileOperation

from photostore import keys
from photostore.errors import FileMissing, PhotostoreError, StorageUnavailable
from photostore.models import PendingRemoval, QuarantinedFile, StoredFile
from photostore.owners import Owner
from photostore.storage import storage_for

logger = logging.getLogger(__name__)


def drain(owner: Owner) -> int:
    """Remove or set aside what this owner gave up; call it under the owner's lock. The number done.

    A storage that is unavailable leaves the rest in the outbox: the change itself is committed and true.
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
            if isinstance(error, StorageUnavailable):
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
