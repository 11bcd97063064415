"""Before exports take their names: what the register does not know there is adopted, or set aside."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from django.utils import timezone

from photostore.audit import Actor
from photostore.errors import NameTaken
from photostore.models import UPLOAD, Operation, PendingRemoval, StoredFile
from photostore.operations.quarantine import SetAside, aside_details
from photostore.operations.runner import OperationRunner
from photostore.owners import Owner
from photostore.references.others import FileRef, refs_named_by_others
from photostore.registration import apps
from photostore.storage import storage_for


def make_way(
    exports: Collection[FileRef], owner: Owner, actor: Actor, *, legacy: Collection[str] = ()
) -> None:
    """Make `exports` free for the owner; call it before the owner's lock is taken.

    A deployment that has not been adopted yet, or a reseed before `migrate_orphaned_photos`, has files under
    documented names that the register does not know; each may be the only copy of a photo. Where a
    legacy row names one, or one of the keys `legacy`, that photo is adopted, as `adopt_media` does it; any
    other file moves to quarantine. Storage is asked only about names that are new to the register. Raises
    `NameTaken` for what is another's and cannot be adopted, `StorageUnavailable`.
    """
    new = _unknown(exports, owner)
    keys = [*legacy, *(key for _alias, key in new)]
    adopting = [app for app in apps() if keys and app.legacy_keys(keys)]
    if adopting:
        with _beside_commands(actor) as runner:
            for app in adopting:
                app.adopt(keys, runner)
        new = _unknown(new, owner)
    if new and refs_named_by_others(new, owner):
        raise NameTaken
    if any(map(is_there, new)):
        with _beside_commands(actor) as runner, owner.locked():
            for alias, key in filter(is_there, _unknown(new, owner)):
                runner.step(SetAside.name, subject=key, details=aside_details(alias, key))


def _unknown(file_refs: Collection[FileRef], owner: Owner) -> list[FileRef]:
    """Those that are neither the owner's in the register nor given up and about to go."""
    keys = [key for _alias, key in file_refs]
    known = set[FileRef]()
    for rows in (StoredFile.objects.filter(**owner.files), PendingRemoval.objects.all()) if keys else ():
        known.update(rows.filter(key__in=keys).values_list("storage_alias", "key"))
    return [file_ref for file_ref in file_refs if file_ref not in known]


def is_there(file_ref: FileRef) -> bool:
    """Whether a file lies there; none does in a storage that was never used."""
    storage = storage_for(file_ref[0])
    return storage.is_prepared() and storage.stat(file_ref[1]) is not None


@contextmanager
def _beside_commands(actor: Actor) -> Iterator[OperationRunner]:
    """An operation that is over from the start: a running one would be taken for a killed command's.

    A step that a kill leaves behind is finished by who takes the operation back.
    """
    operation = Operation.objects.create(
        command=UPLOAD,
        actor_id=actor.id,
        actor_name=actor.name,
        channel=actor.channel,
        state=Operation.State.DONE,
        finished_at=timezone.now(),
    )
    yield OperationRunner(operation, resumed=False)
    if not operation.steps.exists():
        operation.delete()
