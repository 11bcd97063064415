"""`purge_quarantine` killed before each step and run again: all of it is gone, and nothing says otherwise."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from photostore import keys
from photostore.models import Operation, QuarantinedFile
from photostore.tests.inventory_files import run, set_aside
from testing.kept import stored
from testing.kills.commands import Killing

pytestmark = pytest.mark.django_db(transaction=True)
KEYS = ("users/ada/images/1.jpg", "users/ada/images/2.jpg")
YOUNG = "users/ada/images/3.jpg"


def test_killed_before_every_step_and_run_again(each_storage: str) -> None:
    young = set_aside(YOUNG)
    purging, killed = Killing(), True
    while killed:
        cleaned = set_aside(*KEYS)
        long_ago = timezone.now() - timedelta(days=40)
        QuarantinedFile.objects.filter(operation=cleaned.pk).update(quarantined_at=long_ago)
        killed = purging.life("purge_quarantine", "--older-than", "30d")
        assert stored() == {keys.quarantined(young.pk, YOUNG): YOUNG.encode()}, purging.killed
        assert QuarantinedFile.objects.get().operation == young.pk, purging.killed
        purges = Operation.objects.filter(command="purge_quarantine")
        assert set(purges.values_list("state", "can_be_undone")) == {("done", False)}, purging.killed
        assert all(one.steps.filter(state="done").count() == len(KEYS) for one in purges), purging.killed
        code, said = run("undo_photo_operation", str(cleaned.pk))
        assert (code, said["reverted"], len(said["skipped"])) == (1, 0, len(KEYS)), purging.killed
    assert purging.was_killed_often(8)
    assert run("undo_photo_operation", str(young.pk))[0] == 0
    assert stored() == {YOUNG: YOUNG.encode()}
