"""Setting files aside, byte for byte, and bringing them back."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from photostore import keys
from photostore.errors import Changed, FileMissing
from photostore.models import OperationStep, QuarantinedFile, StoredFile
from photostore.registration import StepHandler
from photostore.storage import storage_for


class SetAside(StepHandler):
    """Moves one file that no row names to `quarantine/{operation}/{key}`.

    Details: `storage_alias`, `key`, `sha256`, `byte_size`, `content_type`; `owner_label` and `owner_id`
    where it is known whose it was.
    """

    name = "set_aside"

    def perform(self, step: OperationStep) -> None:
        """Look again, then move. A file that was published or changed meanwhile is left alone."""
        details = step.details
        storage = storage_for(details["storage_alias"])
        target = keys.quarantined(step.operation_id, details["key"])
        if storage.stat(target) is None or storage.stat(details["key"]) is not None:
            if StoredFile.objects.filter(storage_alias=details["storage_alias"], key=details["key"]).exists():
                raise Changed(_("The file has an owner by now."))
            if sha256_of(details["storage_alias"], details["key"]) != details["sha256"]:
                raise Changed(_("The file is gone or was replaced."))
            storage.move(details["key"], target)
        QuarantinedFile.objects.get_or_create(
            operation=step.operation_id,
            storage_alias=details["storage_alias"],
            key=details["key"],
            defaults={
                "sha256": details["sha256"],
                "byte_size": details["byte_size"],
                "content_type": details.get("content_type", ""),
                "owner_label": details.get("owner_label", ""),
                "owner_id": details.get("owner_id", ""),
            },
        )

    def revert(self, step: OperationStep) -> None:
        """Move it back, unless something else has its name by now, or it was purged."""
        bring_back(step.operation_id, step.details["storage_alias"], step.details["key"])


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
    storage = storage_for(storage_alias)
    source = keys.quarantined(operation, key)
    row = QuarantinedFile.objects.filter(operation=operation, storage_alias=storage_alias, key=key).first()
    if storage.stat(source) is not None:
        if storage.stat(key) is None:
            storage.move(source, key)
        elif sha256_of(storage_alias, key) == sha256_of(storage_alias, source):
            storage.remove(source)  # a copy was brought back already
        else:
            raise Changed(_("Another file has this name by now."))
    elif storage.stat(key) is None:
        raise Changed(_("The file is no longer in quarantine."))
    if row:
        row.delete()


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
