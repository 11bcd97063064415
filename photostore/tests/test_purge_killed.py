"""`purge_quarantine` killed before each step and run again: all of it is gone, and nothing says otherwise."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from photostore import keys
from photostore.audit import Actor
from photostore.models import Operation, QuarantinedFile
from photostore.operations import conduct
from photostore.operations.quarantine import sha256_of
from photostore.tests.shelf import leave, run
from testing.kept import stored
from testing.killing import killed_before_step

pytestmark = pytest.mark.django_db(transaction=True)
KEYS = ("users/ada/images/1.jpg", "users/ada/images/2.jpg")
YOUNG = "users/ada/images/3.jpg"


def set_aside(*names: str) -> Operation:
    with conduct("cleanup_orphaned_photos", Actor("", "olga", "command")) as conductor:
        for key in names:
            leave(key, key.encode())
            details = {"storage_alias": "default", "key": key, "sha256": sha256_of("default", key)}
            assert conductor.act("sweep_aside", subject=key, details=details | {"byte_size": len(key)})
    return conductor.operation


def purge() -> tuple[int, dict[str, Any]]:
    return run("purge_quarantine", "--older-than", "30d")


def test_killed_before_every_step_and_run_again(each_storage: str) -> None:
    young = set_aside(YOUNG)
    for number in range(0, 50, 1 if each_storage == "disk" else 5):
        cleaned = set_aside(*KEYS)
        long_ago = timezone.now() - timedelta(days=40)
        QuarantinedFile.objects.filter(operation=cleaned.pk).update(quarantined_at=long_ago)
        killed = killed_before_step(number, purge)
        assert purge()[0] == 0
        assert stored() == {keys.quarantined(young.pk, YOUNG): YOUNG.encode()}, number
        assert QuarantinedFile.objects.get().operation == young.pk, number
        purges = Operation.objects.filter(command="purge_quarantine")
        assert set(purges.values_list("state", "can_be_undone")) == {("done", False)}, number
        assert all(one.acts.filter(state="done").count() == len(KEYS) for one in purges), number
        code, said = run("undo_photo_operation", str(cleaned.pk))
        assert (code, said["reverted"], len(said["skipped"])) == (1, 0, len(KEYS)), number
        if not killed:
            break
    assert number >= 5
    assert run("undo_photo_operation", str(young.pk))[0] == 0
    assert stored() == {YOUNG: YOUNG.encode()}
