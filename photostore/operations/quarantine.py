"""Setting files aside, byte for byte, and bringing them back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from photostore import keys
from photostore.errors import Changed, FileMissing
from photostore.models import OperationStep, QuarantinedFile, StoredFile
from photostore.registration import BatchHandler, Outcome, outcome_of
from photostore.storage import storage_for


class SetAside(BatchHandler):
    """Moves one file that no row names to `quarantine/{operation}/{key}`.

    Details: `storage_alias`, `key`, `sha256`, `byte_size`, `content_type`; `owner_label` and `owner_id`
    where it is known whose it was.
    """

    name = "set_aside"

    def perform_many(self, steps: Sequence[OperationStep]) -> Iterator[list[Outcome]]:
        """Look again, then move. A file that was published or changed meanwhile is left alone."""
        yield self.set_aside(steps, claimed=set())

    def set_aside(self, steps: Sequence[OperationStep], *, claimed: Collection[str]) -> list[Outcome]:
        """The same; files that somebody claims stay as well."""
        rows = StoredFile.objects.filter(key__in=[step.details["key"] for step in steps])
        registered = set(rows.values_list("storage_alias", "key"))

        def look(step: OperationStep) -> None:
            _refuse(step, claimed)
            if not _is_aside(step):
                _refuse_another(step, registered)

        looked = [outcome_of(look, step) for step in steps]
        going = [step for step, why in looked if why is None and not _is_aside(step)]
        kept = _moved(going, lambda step: (step.details["key"], _aside_key(step)))
        outcomes = [(step, why or kept.get(step.pk)) for step, why in looked]
        quarantined = [_row(step) for step, why in outcomes if why is None]
        QuarantinedFile.objects.bulk_create(quarantined, ignore_conflicts=True)
        return outcomes

    def revert_many(self, steps: Sequence[OperationStep]) -> Iterator[list[Outcome]]:
        """Move it back, unless something else has its name by now, or it was purged."""
        yield self.bring_back(steps, claimed=set())

    def bring_back(self, steps: Sequence[OperationStep], *, claimed: Collection[str]) -> list[Outcome]:
        """The same; names that somebody claims stay theirs."""

        def look(step: OperationStep) -> None:
            _refuse(step, claimed)
            _clear_for_return(step.operation_id, step.details["storage_alias"], step.details["key"])

        looked = [outcome_of(look, step) for step in steps]
        coming = [step for step, why in looked if why is None and _lies_aside(step)]
        kept = _moved(coming, lambda step: (_aside_key(step), step.details["key"]))
        outcomes = [(step, why or kept.get(step.pk)) for step, why in looked]
        back = [(step.operation_id, step.details) for step, why in outcomes if why is None]
        for operation, alias in dict.fromkeys((one, details["storage_alias"]) for one, details in back):
            names = [its["key"] for one, its in back if (one, its["storage_alias"]) == (operation, alias)]
            rows = QuarantinedFile.objects.filter(operation=operation, storage_alias=alias)
            rows.filter(key__in=names).delete()
        return outcomes


def _moved(
    steps: Sequence[OperationStep], move: Callable[[OperationStep], tuple[str, str]]
) -> dict[int, Exception | None]:
    """By step, what kept its file where it was."""
    kept: dict[int, Exception | None] = {}
    for alias in dict.fromkeys(step.details["storage_alias"] for step in steps):
        its = [step for step in steps if step.details["storage_alias"] == alias]
        whys = storage_for(alias).move_many([move(step) for step in its])
        kept |= {step.pk: why for step, why in zip(its, whys, strict=True)}
    return kept


def _aside_key(step: OperationStep) -> str:
    return keys.quarantined(step.operation_id, step.details["key"])


def _lies_aside(step: OperationStep) -> bool:
    return storage_for(step.details["storage_alias"]).stat(_aside_key(step)) is not None


def _is_aside(step: OperationStep) -> bool:
    """Whether the move is done; a kill may have left both names."""
    storage = storage_for(step.details["storage_alias"])
    return storage.stat(_aside_key(step)) is not None and storage.stat(step.details["key"]) is None


def _refuse(step: OperationStep, claimed: Collection[str]) -> None:
    if step.details["key"] in claimed:
        raise Changed(_("The file has an owner by now."))


def _refuse_another(step: OperationStep, registered: Collection[tuple[str, str]]) -> None:
    alias, key = step.details["storage_alias"], step.details["key"]
    if (alias, key) in registered:
        raise Changed(_("The file has an owner by now."))
    if sha256_of(alias, key) != step.details["sha256"]:
        raise Changed(_("The file is gone or was replaced."))


def _row(step: OperationStep) -> QuarantinedFile:
    details = step.details
    return QuarantinedFile(
        operation=step.operation_id,
        storage_alias=details["storage_alias"],
        key=details["key"],
        sha256=details["sha256"],
        byte_size=details["byte_size"],
        content_type=details.get("content_type", ""),
        owner_label=details.get("owner_label", ""),
        owner_id=details.get("owner_id", ""),
    )


def aside_details(storage_alias: str, key: str) -> dict[str, Any]:
    """What setting this file aside needs to know. Raises `StorageUnavailable`."""
    found = storage_for(storage_alias).stat(key)
    return {
        "storage_alias": storage_alias,
        "key": key,
        "sha256": sha256_of(storage_alias, key),
        "byte_size": found.byte_size if found else 0,
    }


def bring_back(operation: UUID, storage_alias: str, key: str) -> None:
    """Move one file out of quarantine to where it was. Idempotent. Raises `Changed`."""
    _clear_for_return(operation, storage_alias, key)
    storage, source = storage_for(storage_alias), keys.quarantined(operation, key)
    if storage.stat(source) is not None:
        storage.move(source, key)
    QuarantinedFile.objects.filter(operation=operation, storage_alias=storage_alias, key=key).delete()


def _clear_for_return(operation: UUID, storage_alias: str, key: str) -> None:
    """Raise `Changed` where it cannot come back; what somebody brought back already need not."""
    storage, source = storage_for(storage_alias), keys.quarantined(operation, key)
    if storage.stat(source) is None:
        if storage.stat(key) is None:
            raise Changed(_("The file is no longer in quarantine."))
    elif storage.stat(key) is not None:
        if sha256_of(storage_alias, key) != sha256_of(storage_alias, source):
            raise Changed(_("Another file has this name by now."))
        storage.remove(source)


def sha256_of(storage_alias: str, key: str) -> str | None:
    """The sha256 of a stored file, read in chunks; None where it is not there. Raises
    `StorageUnavailable`.
    """
    digest = hashlib.sha256()
    try:
        for chunk in storage_for(storage_alias).stream(key):
            digest.update(chunk)
    except FileMissing:
        return None
    return digest.hexdigest()
