"""Where the pictures of an act lie: what was there before it, and what after, by its own account."""

from __future__ import annotations

from typing import Any, NamedTuple

from photostore import keys
from photostore.errors import StorageAway
from photostore.models import Act, StoredFile
from photostore.storage import storage_for


class Spot(NamedTuple):
    """A file, wherever it lies today."""

    storage_alias: str
    key: str


def before(act: Act) -> Spot | None:
    """The picture that the act changed, moved or replaced; None where none is left."""
    original = _taken_back(act)
    if original is not None:
        return after(original)
    details = act.details
    if "expected_sha256" in details:
        return _version(details["expected_sha256"])
    return _wherever(act)


def after(act: Act) -> Spot | None:
    """The picture that the act made; None where it left none."""
    original = _taken_back(act)
    if original is not None:
        return before(original)
    details = act.details
    if "new_key" in details:
        return _there("default", details["new_key"])
    if "new_sha256" in details:
        return _version(details["new_sha256"])
    if "aside" in act.kind or act.kind == "purge":
        return None
    return _there(details["storage_alias"], details["key"]) if _names_a_file(details) else None


def _taken_back(act: Act) -> Act | None:
    if act.kind != "take_back":
        return None
    return Act.objects.filter(pk=act.details["act"]).first()


def _wherever(act: Act) -> Spot | None:
    """The file that the act names: in quarantine, or where it was."""
    if not _names_a_file(act.details):
        return None
    alias, key = act.details["storage_alias"], act.details["key"]
    return _there(alias, keys.quarantined(act.operation_id, key)) or _there(alias, key)


def _names_a_file(details: dict[str, Any]) -> bool:
    return "storage_alias" in details and "key" in details


def _version(sha256: str) -> Spot | None:
    if not sha256:
        return None
    row = StoredFile.objects.filter(sha256=sha256, kind=StoredFile.Kind.ORIGINAL).first()
    return None if row is None else _there(row.storage_alias, row.key)


def _there(alias: str, key: str) -> Spot | None:
    """For looking only: what cannot be told is not shown."""
    try:
        return None if storage_for(alias).stat(key) is None else Spot(alias, key)
    except StorageAway:
        return None
