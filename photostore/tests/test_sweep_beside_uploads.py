"""The sweep beside uploads: what arrives while it runs is kept."""

from __future__ import annotations

import hashlib
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from photostore.audit import Actor
from photostore.inventory.sweep import planned, take
from photostore.models import QuarantinedFile, StoredFile
from photostore.operations import run_operation
from photostore.owners import Owner
from photostore.register import FileSet, NewFile, publish, store
from photostore.register.after_commit import finish_commit
from photostore.storage import storage_for
from photostore.tests.inventory_files import grow_old, keep, leave, tell
from testing.exhaustive import is_exhaustive

pytestmark = pytest.mark.django_db(transaction=True)

UPLOADS = 300 if is_exhaustive() else 40


@pytest.mark.timeout(600)
def test_an_upload_arriving_over_and_over_loses_nothing(monkeypatch: Any) -> None:
    """The very key that the sweep is about to take is written again and published, over and over."""
    ada = Owner("tests.person", "1")
    theirs = "photos/students/ada/"
    tell(monkeypatch, owners_of_keys=lambda keys: {key: ada for key in keys if key.startswith(theirs)})
    keep("users/bob/images/1.jpg", b"bob")
    done, failures = threading.Event(), []
    sweeper = threading.Thread(target=_sweep_until, args=(done, failures))
    sweeper.start()
    try:
        number = 0
        # So many times, and on until the two have met.
        while number < UPLOADS or (number < 3_000 and not QuarantinedFile.objects.exists()):
            _abandon_then_upload(ada, number % 7)
            number += 1
    finally:
        done.set()
        sweeper.join()
    assert not failures
    assert QuarantinedFile.objects.exists()  # else the two never met
    for row in StoredFile.objects.filter(**ada.files):
        data = storage_for().read(row.key, max_bytes=100)
        assert hashlib.sha256(data).hexdigest() == row.sha256


def _abandon_then_upload(owner: Owner, picture: int) -> None:
    """An orphan two hours old, as a crash leaves it, and then the same picture handed in again."""
    key, data = f"photos/students/ada/history/{picture}.jpg", f"face {picture}".encode()
    with owner.locked():
        with connection.cursor() as cursor:  # forgotten without a trace: the bytes stay as an orphan
            cursor.execute("DELETE FROM photostore_storedfile WHERE key = %s", [key])
            cursor.execute("DELETE FROM photostore_pendingremoval WHERE key = %s", [key])
        leave(key, data)
        grow_old(key)
    time.sleep(0.002)  # the sweep's turn; without it the two meet once in hundreds of times
    new = FileSet(
        original=NewFile(key=key, data=data, content_type="image/jpeg", width=1, height=1), keep_aside=True
    )
    with owner.locked():
        store(new)
        with transaction.atomic():
            publish(owner, new)
        finish_commit(owner)
    there = storage_for().stat(key)
    assert there is not None and there.byte_size == len(data)


def _sweep_until(done: threading.Event, failures: list[BaseException]) -> None:
    try:
        while not done.is_set():
            actor = Actor("", "ada", "command")
            with (
                planned(timezone.now() - timedelta(hours=1)) as plan,
                run_operation("sweep", actor) as operation,
            ):
                for taking in plan.takings():
                    take(taking, plan, operation)
    except BaseException as error:
        failures.append(error)
        raise
    finally:
        connection.close()
