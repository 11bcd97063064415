"""What lies where a photo is going to be: stray files that no row names, moved out of the way and back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from photostore.errors import Changed, NameTaken, StorageAway
from photostore.models import Act, PendingRemoval, QuarantinedFile, StoredFile
from photostore.operations.quarantine import SetAside, bring_back, sha256_of
from photostore.owners import Owner
from photostore.references.others import named_for_others
from photostore.register import Publication
from photostore.storage import storage_for
from students.recovery.unowned import was_used

Target = tuple[str, str]


def targets_of(publication: Publication) -> list[Target]:
    """Where the photo itself will be written; thumbnails can be made again."""
    return [("default", publication.original.key), *publication.copies]


def write_down(act: Act, **values: Any) -> None:
    """Add to the act's details, before what they speak of is done."""
    act.details |= values
    act.save(update_fields=["details", "at"])


def clear_ground(act: Act, targets: Sequence[Target], *, ours: bytes, owner: Owner | None = None) -> None:
    """Set aside whatever lies there. Raises `Changed` when something else has come there since, and with
    nothing moved where somebody else than `owner` has a row that names it.

    `ours` is what will lie there, and perhaps does since a first, killed try.
    """
    _version, *documented = targets
    if named_for_others(documented, owner):
        raise Changed(NameTaken.sentence)
    first = "displaced" not in act.details
    if first:
        write_down(act, displaced=_occupants(targets))
    for moved in act.details["displaced"]:
        if not _is_in_quarantine(act, moved):
            SetAside().perform(Act(operation_id=act.operation_id, details=moved))
    sha256 = hashlib.sha256(ours).hexdigest()
    if not first and any(found["sha256"] != sha256 for found in _occupants(targets)):
        raise Changed(_("Another file lies where this photo would go."))


def give_ground_back(act: Act, owner: Owner) -> None:
    """Put back what was moved out of the way, once the photo that took its place is gone."""
    keys = [moved["key"] for moved in act.details.get("displaced", ())]
    if keys and PendingRemoval.objects.filter(key__in=keys, **owner.files).exists():
        raise StorageAway  # the storage failed to remove the photo; the next run goes on here
    for moved in act.details.get("displaced", ()):
        bring_back(act.operation_id, moved["storage_alias"], moved["key"])


def _occupants(targets: Iterable[Target]) -> list[dict[str, Any]]:
    found = []
    for alias, key in targets:
        stat = storage_for(alias).stat(key) if was_used(alias) else None
        if stat is None or StoredFile.objects.filter(storage_alias=alias, key=key).exists():
            continue
        sha256 = sha256_of(alias, key)
        if sha256:
            found.append({"storage_alias": alias, "key": key, "sha256": sha256, "byte_size": stat.byte_size})
    return found


def _is_in_quarantine(act: Act, moved: dict[str, Any]) -> bool:
    rows = QuarantinedFile.objects.filter(operation=act.operation_id, storage_alias=moved["storage_alias"])
    return rows.filter(key=moved["key"]).exists()
