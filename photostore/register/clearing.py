"""Making way for documented names: what lies there and belongs to nobody is set aside, never overwritten."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from photostore import keys
from photostore.audit import Actor
from photostore.errors import NameTaken
from photostore.models import UPLOAD, Operation, OperationStep, PendingRemoval, QuarantinedFile, StoredFile
from photostore.owners import Owner
from photostore.references.others import refs_named_by_others
from photostore.storage import storage_for


def make_way(places: Sequence[tuple[str, str]], actor: Actor, owner: Owner | None = None) -> None:
    """Move strangers' files out of `places` (storage alias and key) into quarantine; they will be `owner`'s.

    A deployment that has not been adopted yet, or a reseed before `migrate_orphaned_photos`, has files
    under documented names that no row knows; each may be the only copy of somebody's photo. One look at
    the register; storage is asked only about names that are new to it. What is set aside is an operation
    of the actor's (`upload`). Raises `NameTaken`, with nothing moved; `StorageUnavailable`.
    """
    if not places:
        return
    rows = StoredFile.objects.filter(key__in=[key for _alias, key in places])
    if owner is not None:
        mine = rows.filter(**owner.files).values_list("storage_alias", "key")
    else:
        mine = rows.values_list("storage_alias", "key")
    new = set(places) - set(mine)
    if new and refs_named_by_others(new, owner):
        raise NameTaken
    going = PendingRemoval.objects.filter(key__in=[key for _alias, key in new])
    new -= set(going.values_list("storage_alias", "key"))
    for place in places:
        if place in new:
            _set_aside(*place, actor)


def _set_aside(storage_alias: str, key: str, actor: Actor) -> None:
    storage = storage_for(storage_alias)
    if not storage.is_prepared():
        return
    found = storage.stat(key)
    if found is None:
        return
    digest = hashlib.sha256()
    for chunk in storage.stream(key):
        digest.update(chunk)
    what = {"sha256": digest.hexdigest(), "byte_size": found.byte_size}
    operation = _write_down({"storage_alias": storage_alias, "key": key, **what}, actor)
    storage.move(key, keys.quarantined(operation, key))


def _write_down(details: dict[str, Any], actor: Actor) -> UUID:
    """An operation of its own, so that it is listed and can be undone; before the move, as every journal.

    It is over from the start: a running one would be taken for a killed command's. Where the move never
    happened, an undo finds the file in its place.
    """
    with transaction.atomic():
        operation = Operation.objects.create(
            command=UPLOAD,
            actor_id=actor.id,
            actor_name=actor.name,
            channel=actor.channel,
            state=Operation.State.DONE,
            finished_at=timezone.now(),
        )
        OperationStep.objects.create(
            operation=operation,
            number=1,
            kind="sweep_aside",
            subject=details["key"][:200],
            details=details,
            state=OperationStep.State.DONE,
        )
        QuarantinedFile.objects.create(operation=operation.pk, **details)
    return operation.pk
