"""Owners and their files for the tests of photostore, which knows neither students nor users."""

from __future__ import annotations

import hashlib
from typing import Any

from django.db import transaction

from photostore.models import PendingRemoval, StoredFile
from photostore.owners import Owner
from photostore.register import FileSet, NewFile, publish, store
from photostore.register.after_commit import finish_commit
from photostore.storage import storage_for

OWNER = Owner("tests.thing", "1")
DOCUMENTED = "documented/thing_1.jpg"
MAX_BYTES = 1_048_576


def new_file(key: str, data: bytes, content_type: str = "image/jpeg") -> NewFile:
    return NewFile(key=key, data=data, content_type=content_type, width=3, height=4)


def file_set(
    data: bytes, *, keep_aside: bool = False, documented: str = DOCUMENTED, **values: Any
) -> FileSet:
    """One original under its hash, a derivative, and two copies: one here, one on `safe`."""
    sha256 = hashlib.sha256(data).hexdigest()
    return FileSet(
        original=new_file(f"history/{sha256}.jpg", data, **values),
        derivatives=[new_file(f"derived/{sha256}.webp", b"small " + data, "image/webp")],
        exports=[("default", documented), ("safe", "safe/thing_1.jpg")],
        keep_aside=keep_aside,
    )


def make_public(data: bytes, owner: Owner = OWNER, **values: Any) -> FileSet:
    """A whole change of an owner's file, as the use cases do it."""
    made = file_set(data, **values)
    with owner.locked():
        store(made)
        with transaction.atomic():
            publish(owner, made)
        finish_commit(owner, original=made.original)
    return made


def content(key: str, alias: str = "default") -> bytes | None:
    storage = storage_for(alias)
    storage.prepare()
    return storage.read(key, max_bytes=MAX_BYTES) if storage.stat(key) else None


def keys_in(alias: str = "default") -> set[str]:
    storage = storage_for(alias)
    storage.prepare()
    return {found.key for found in storage.scan()}


def register() -> list[dict[str, Any]]:
    return list(StoredFile.objects.order_by("storage_alias", "key").values())


def outbox() -> set[tuple[str, str]]:
    return set(PendingRemoval.objects.values_list("storage_alias", "key"))
