"""Comparing a storage with the register."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from photostore.models import PendingRemoval, StoredFile
from photostore.storage import FileStat, storage_for

BATCH = 1_000
QUARANTINE = "quarantine/"


def orphans(storage_alias: str = "default", prefix: str = "") -> Iterator[FileStat]:
    """Files that no row of the register names and that nobody is about to remove; quarantine aside.

    Streams the storage and asks the register about a batch of keys at a time. Raises `StorageAway`.
    """
    files = (file for file in storage_for(storage_alias).scan(prefix) if not file.key.startswith(QUARANTINE))
    while batch := list(islice(files, BATCH)):
        keys = [file.key for file in batch]
        known = set(_known(storage_alias, keys))
        yield from (file for file in batch if file.key not in known)


def _known(storage_alias: str, keys: list[str]) -> Iterator[str]:
    for model in (StoredFile, PendingRemoval):
        rows = model.objects.filter(storage_alias=storage_alias, key__in=keys)
        yield from rows.values_list("key", flat=True)
