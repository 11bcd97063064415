"""Making way for documented names: what lies there and belongs to nobody is set aside, never overwritten."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence

from photostore import keys
from photostore.models import PendingRemoval, QuarantinedFile, StoredFile
from photostore.storage import storage_for


def make_way(places: Sequence[tuple[str, str]]) -> None:
    """Move strangers' files out of `places` (storage alias and key) into quarantine.

    A deployment that has not been adopted yet, or a reseed before `migrate_orphaned_photos`, has files
    under documented names that no row knows; each may be the only copy of somebody's photo. One look at
    the register; storage is asked only about names that are new to it. Raises `StorageAway`.
    """
    if not places:
        return
    names = [key for _alias, key in places]
    known = {
        place
        for model in (StoredFile, PendingRemoval)
        for place in model.objects.filter(key__in=names).values_list("storage_alias", "key")
    }
    for place in places:
        if place not in known:
            _set_aside(*place)


def _set_aside(storage_alias: str, key: str) -> None:
    storage = storage_for(storage_alias)
    if not storage.is_prepared():
        return
    found = storage.stat(key)
    if found is None:
        return
    digest = hashlib.sha256()
    for chunk in storage.stream(key):
        digest.update(chunk)
    operation = uuid.uuid4()
    storage.move(key, keys.quarantined(operation, key))
    QuarantinedFile.objects.create(
        operation=operation,
        storage_alias=storage_alias,
        key=key,
        sha256=digest.hexdigest(),
        byte_size=found.byte_size,
    )
