"""Removing bytes after the commit that gave them up. A database trigger fills the outbox, code empties it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from photostore import keys
from photostore.errors import FileMissing, StorageUnavailable
from photostore.models import PendingRemoval, QuarantinedFile, StoredFile
from photostore.owners import Owner, files_of
from photostore.storage import storage_for

logger = logging.getLogger(__name__)

STAYS = "A file that was given up could not be removed yet; it stays in the outbox."


def drain(*owners: Owner) -> int:
    """Remove or set aside what these owners gave up; call it under their locks. The number done.

    A storage that is unavailable leaves the rest in the outbox: the change itself is committed and true.
    """
    pending = list(PendingRemoval.objects.filter(files_of(owners)).order_by("pk"))
    claimed = _claimed(pending)
    done = [one.pk for one in pending if (one.storage_alias, one.key) in claimed]
    going = [one for one in pending if (one.storage_alias, one.key) not in claimed]
    for alias in dict.fromkeys(removal.storage_alias for removal in going):
        done += _gone(alias, [removal for removal in going if removal.storage_alias == alias])
    if done:
        PendingRemoval.objects.filter(pk__in=done).delete()
    return len(done)


def _gone(alias: str, removals: Sequence[PendingRemoval]) -> list[int]:
    """The primary keys of those that are done."""
    done, leaving = [], [one for one in removals if one.operation is None]
    aside = [one for one in removals if one.operation is not None]
    try:
        kept = storage_for(alias).remove_many([one.key for one in leaving])
        moved = storage_for(alias).move_many([_move(one) for one in aside])
    except StorageUnavailable:
        logger.exception(STAYS)
        return []
    for removal, why in zip([*leaving, *aside], [*kept, *moved], strict=True):
        if why is None or isinstance(why, FileMissing):
            done.append(removal.pk)
        else:
            logger.error(STAYS, exc_info=why)
    moves = [(one, why) for one, why in zip(aside, moved, strict=True) if one.pk in done]
    _note_quarantined([one for one, why in moves if why is None or _is_aside(one)])
    return done


def _claimed(pending: Sequence[PendingRemoval]) -> set[tuple[str, str]]:
    """Which of these files a row names again: they were published anew since, and stay."""
    keys_given_up = [removal.key for removal in pending]
    if not keys_given_up:
        return set()
    return set(StoredFile.objects.filter(key__in=keys_given_up).values_list("storage_alias", "key"))


def _move(removal: PendingRemoval) -> tuple[str, str]:
    assert removal.operation is not None
    return removal.key, keys.quarantined(removal.operation, removal.key)


def _is_aside(removal: PendingRemoval) -> bool:
    """Either a drain died between the move and its row, or the bytes were gone before."""
    if storage_for(removal.storage_alias).stat(_move(removal)[1]) is not None:
        return True
    logger.error("%s was to be set aside, but it is not there.", removal.key)
    return False


def _note_quarantined(removals: Sequence[PendingRemoval]) -> None:
    where, whose = ("operation", "storage_alias", "key"), ("owner_label", "owner_id")
    columns = (*where, "sha256", "byte_size", "content_type", *whose)
    rows = [QuarantinedFile(**{name: getattr(one, name) for name in columns}) for one in removals]
    QuarantinedFile.objects.bulk_create(rows, ignore_conflicts=True)
