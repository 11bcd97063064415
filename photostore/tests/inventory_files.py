"""What the inventory's tests do over and over: keep a file with its row, leave one without, look."""

from __future__ import annotations

import hashlib
import io
import json
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from photostore import registration
from photostore.audit import Actor
from photostore.inventory import differences, listed
from photostore.models import Operation, StoredFile
from photostore.operations import run_operation
from photostore.operations.quarantine import sha256_of
from photostore.references import storage_roots
from photostore.storage import storage_for

TWO_HOURS = 2 * 3600


def tell(monkeypatch: pytest.MonkeyPatch, **what: Any) -> None:
    """Let a test be the one app that photostore knows."""
    known = {app.name: app for app in registration.apps() if app.name == "photostore"}
    told = registration.AppRegistration(name="tests", **what)
    monkeypatch.setattr(registration, "_apps", known | {"tests": told})


def keep(
    key: str, data: bytes, *, alias: str = "default", kind: str = "original", **values: Any
) -> StoredFile:
    """A file and its row, as if an upload had just published it."""
    storage_for(alias).put(key, data, content_type="image/jpeg")
    return StoredFile.objects.create(
        **{
            "storage_alias": alias,
            "key": key,
            "sha256": hashlib.sha256(data).hexdigest(),
            "byte_size": len(data),
            "content_type": "image/jpeg",
            "kind": kind,
            "owner_label": "tests.person",
            "owner_id": "1",
            # S3 keeps whole seconds, rounded up.
            "written_at": timezone.now() + timedelta(seconds=1),
        }
        | values
    )


def leave(key: str, data: bytes, *, alias: str = "default") -> None:
    storage_for(alias).put(key, data, content_type="image/jpeg", durable=False)


def grow_old(key: str, *, alias: str = "default", seconds: int = TWO_HOURS) -> None:
    """As if it had been written two hours ago. On disk only."""
    moment = time.time() - seconds
    os.utime(Path(settings.STORAGES[alias]["OPTIONS"]["location"]) / key, (moment, moment))


def found(*, sizes: bool = True) -> dict[str, set[str]]:
    """Every difference in every place, by its kind."""
    all_found: dict[str, set[str]] = {}
    for place in storage_roots():
        with listed(place, sizes=sizes) as listing:
            for finding in differences(listing):
                all_found.setdefault(finding.difference, set()).add(finding.key)
    return all_found


def run(command: str, *arguments: Any) -> tuple[int, dict[str, Any]]:
    """A command's exit code, and what it says to machines."""
    out = io.StringIO()
    try:
        call_command(command, *arguments, "--json", stdout=out)
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    return code, json.loads(out.getvalue())


def fill(count: int) -> None:
    """Many small files with their rows, quickly."""
    rows = []
    for number in range(count):
        data = f"photo {number}".encode()
        key = f"users/ada/images/{number}.jpg"
        storage_for().put(key, data, content_type="image/jpeg", durable=False)
        rows.append(
            StoredFile(
                key=key,
                sha256=hashlib.sha256(data).hexdigest(),
                byte_size=len(data),
                content_type="image/jpeg",
                kind="original",
                owner_label="tests.person",
                owner_id=str(number),
                written_at=timezone.now() + timedelta(seconds=1),
            )
        )
    StoredFile.objects.bulk_create(rows, batch_size=1_000)


def set_aside(*names: str) -> Operation:
    with run_operation("cleanup_orphaned_photos", Actor("", "olga", "command")) as runner:
        for key in names:
            leave(key, key.encode())
            details = {"storage_alias": "default", "key": key, "sha256": sha256_of("default", key)}
            assert runner.step("sweep_aside", subject=key, details=details | {"byte_size": len(key)})
    return runner.operation
