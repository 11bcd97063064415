"""`cleanup_orphaned_photos` killed before each step, run again, and undone with a kill before each step."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from photostore.models import Operation, OperationStep, QuarantinedFile
from photostore.tests.inventory_files import fill, grow_old, leave, run
from testing.kept import stored
from testing.kills.commands import Killing, one_of

pytestmark = pytest.mark.django_db(transaction=True)

ORPHANS = ("users/bob/images/1.jpg", "users/bob/images/2.jpg")
THUMBNAIL = "derived/bob_96.webp"
UNDO = ("undo_photo_operation", "--last")
# On S3 nothing can be made old, so there everything counts as old after a second.
YOUNG = ("photostore.management.commands.cleanup_orphaned_photos", "YOUNG", timedelta())
WHOLE_SECONDS = 2.1


def kept() -> dict[str, bytes]:
    """Every file; an operation's own name is left out of quarantine."""
    return {
        key if not key.startswith("quarantine/") else f"quarantine/{key.split('/', 2)[2]}": data
        for key, data in stored().items()
    }


def age(storage: str, sweep: list[str]) -> None:
    if storage == "s3":
        time.sleep(WHOLE_SECONDS)
        sweep[2:] = ["--older-than", "1s"]
        return
    for key in (*ORPHANS, THUMBNAIL):
        grow_old(key)


def test_killed_before_every_step_and_run_again_and_undone(each_storage: str) -> None:
    fill(3)
    whole = stored()
    sweep = ["cleanup_orphaned_photos", "--confirm"]
    every = one_of(each_storage)
    sweeping, undoing, killed = Killing(every=every, patches=[YOUNG]), Killing(every=every), True
    while killed:
        for key in (*ORPHANS, THUMBNAIL):
            leave(key, key.encode())
        age(each_storage, sweep)
        killed = sweeping.life(*sweep)
        aside = {f"quarantine/{key}": key.encode() for key in ORPHANS}
        assert kept() == whole | aside, sweeping.killed
        assert Operation.objects.filter(state="done", undoes=None).count() == 1, sweeping.killed
        assert set(OperationStep.objects.values_list("state", flat=True)) <= {"done", "undone"}, (
            sweeping.killed
        )
        assert QuarantinedFile.objects.count() == len(ORPHANS), sweeping.killed
        killed |= undoing.life(*UNDO)
        assert stored() == whole | {key: key.encode() for key in ORPHANS}, undoing.killed
        assert not QuarantinedFile.objects.exists(), undoing.killed
    assert sweeping.was_killed_often(10) and undoing.was_killed_often(10)
    assert run("undo_photo_operation", "--last")[0] == 2
