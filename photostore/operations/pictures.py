"""Where the pictures of a step lie: what was there before it, and what after, by its own account."""

from __future__ import annotations

from typing import Any, NamedTuple

from photostore import keys
from photostore.errors import StorageUnavailable
from photostore.models import OperationStep, StoredFile
from photostore.storage import storage_for


class FileRef(NamedTuple):
    storage_alias: str
    key: str


def before(step: OperationStep) -> FileRef | None:
    """The picture that the step changed, moved or replaced; None where none is left."""
    original = _taken_back(step)
    if original is not None:
        return after(original)
    details = step.details
    if "expected_sha256" in details:
        return _version(details["expected_sha256"])
    return _wherever(step)


def after(step: OperationStep) -> FileRef | None:
    """The picture that the step made; None where it left none."""
    original = _taken_back(step)
    if original is not None:
        return before(original)
    details = step.details
    if "new_key" in details:
        return _there("default", details["new_key"])
    if "new_sha256" in details:
        return _version(details["new_sha256"])
    if "aside" in step.kind or step.kind == "purge":
        return None
    return _there(details["storage_alias"], details["key"]) if _names_a_file(details) else None


def _taken_back(step: OperationStep) -> OperationStep | None:
    if step.kind != "revert_step":
        return None
    return OperationStep.objects.filter(pk=step.details["step"]).first()


def _wherever(step: OperationStep) -> FileRef | None:
    """The file that the step names: in quarantine, or where it was."""
    if not _names_a_file(step.details):
        return None
    alias, key = step.details["storage_alias"], step.details["key"]
    return _there(alias, keys.quarantined(step.operation_id, key)) or _there(alias, key)


def _names_a_file(details: dict[str, Any]) -> bool:
    return "storage_alias" in details and "key" in details


def _version(sha256: str) -> FileRef | None:
    if not sha256:
        return None
    row = StoredFile.objects.filter(sha256=sha256, kind=StoredFile.Kind.ORIGINAL).first()
    return None if row is None else _there(row.storage_alias, row.key)


def _there(alias: str, key: str) -> FileRef | None:
    """For looking only: what cannot be told is not shown."""
    try:
        return None if storage_for(alias).stat(key) is None else FileRef(alias, key)
    except StorageUnavailable:
        return None
