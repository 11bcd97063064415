"""Ending what was set aside: the one way out of quarantine that does not lead back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from django.db.models import Count, Sum

from photostore import keys
from photostore.audit import Actor
from photostore.errors import Changed
from photostore.models import OperationStep, QuarantinedFile, StoredFile
from photostore.operations.quarantine import sha256_of
from photostore.operations.runner import run_operation
from photostore.registration import StepHandler
from photostore.storage import storage_for

BATCH = 1_000


class Purge(StepHandler):
    """Removes one file from quarantine for good. Details: `operation`, `storage_alias`, `key`, `sha256`."""

    name = "purge"

    def perform(self, step: OperationStep) -> None:
        """Bytes first here: a row without bytes is told as gone, bytes without a row would stay for ever."""
        details = step.details
        storage = storage_for(details["storage_alias"])
        storage.remove(keys.quarantined(details["operation"], details["key"]))
        QuarantinedFile.objects.filter(
            operation=details["operation"], storage_alias=details["storage_alias"], key=details["key"]
        ).delete()

    def revert(self, step: OperationStep) -> None:  # noqa: ARG002 - there is nothing to look at
        raise Changed("It was removed for good.")


def purgeable(before: datetime) -> tuple[int, int]:
    """The number of files set aside before that moment, and their bytes."""
    old = QuarantinedFile.objects.filter(quarantined_at__lt=before)
    found = old.aggregate(files=Count("pk"), byte_size=Sum("byte_size"))
    return found["files"], found["byte_size"] or 0


def needed(before: datetime) -> tuple[int, int]:
    """The number of those that stay because a photo needs them, and their bytes. Raises
    `StorageUnavailable`.
    """
    sizes = [row.byte_size for row, is_needed in _looked_at(before) if is_needed]
    return len(sizes), sum(sizes)


def purge(before: datetime, actor: Actor) -> Iterator[bool]:
    """Remove them for good, one journaled act each; yields for each whether it went.

    What holds the bytes of an original whose own file is gone stays. Raises `StorageUnavailable`.
    """
    with run_operation("purge_quarantine", actor, can_be_undone=False) as operation:
        for row, is_needed in _looked_at(before):
            if is_needed:
                yield False
                continue
            details = {
                "operation": str(row.operation),
                "storage_alias": row.storage_alias,
                "key": row.key,
                "sha256": row.sha256,
            }
            yield operation.step("purge", subject=row.key, details=details)


def _looked_at(before: datetime) -> Iterator[tuple[QuarantinedFile, bool]]:
    """Every old row, and whether a registered original needs its bytes; a batch at a time."""
    rows = QuarantinedFile.objects.filter(quarantined_at__lt=before).order_by("pk").iterator(BATCH)
    while batch := list(islice(rows, BATCH)):
        lost = _lost({row.sha256 for row in batch})
        yield from ((row, row.sha256 in lost) for row in batch)


def _lost(hashes: set[str]) -> set[str]:
    """Those of the sha256s that an original should have, and its file is gone or has other bytes.

    Storage is asked about these originals only: what was set aside is seldom registered.
    """
    originals = StoredFile.objects.filter(kind=StoredFile.Kind.ORIGINAL, sha256__in=hashes)
    return {row.sha256 for row in originals if sha256_of(row.storage_alias, row.key) != row.sha256}
