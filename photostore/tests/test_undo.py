"""Undo: what is skipped is tried again, an undo is undone, kills at every step change nothing."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from photostore.audit import Actor
from photostore.errors import StorageUnavailable
from photostore.models import AuditEntry, Operation, OperationStep, QuarantinedFile, StoredFile
from photostore.owners import Owner
from photostore.register.outbox import drain
from photostore.storage import storage_for
from photostore.storage.disk import DiskStorage
from photostore.tests.inventory_files import keep, leave, run, set_aside
from testing.kept import stored
from testing.kills.commands import Killing, killed_after, one_of

pytestmark = pytest.mark.django_db(transaction=True)
OLGA = Actor("", "olga", "command")
KEYS = ("users/ada/images/1.jpg", "users/ada/images/2.jpg", "users/ada/images/3.jpg")
FOURTH = "users/ada/images/4.jpg"
State = Operation.State


@pytest.fixture
def cleaned(each_storage: str) -> Operation:
    return set_aside(*KEYS)


def undo(*which: str) -> tuple[int, dict[str, Any]]:
    return run("undo_photo_operation", *(which or ("--last",)))


def state_of(operation: Operation | str) -> str:
    return Operation.objects.get(pk=getattr(operation, "pk", operation)).state


def rows() -> dict[str, Any]:
    """What an uninterrupted run and a killed one must agree on."""
    operations = Operation.objects.order_by("started_at")
    return {
        "operations": [(one.command, one.state, one.undoes and one.undoes.command) for one in operations],
        "steps": list(
            OperationStep.objects.order_by("operation__started_at", "number").values_list(
                "kind", "subject", "state"
            )
        ),
        "aside": list(QuarantinedFile.objects.order_by("key").values_list("key", "sha256")),
        "files": StoredFile.objects.count(),
        "audit": AuditEntry.objects.filter(action="operation.undo").count(),
    }


def test_what_was_skipped_is_taken_back_when_the_obstacle_is_gone(cleaned: Operation) -> None:
    there = keep(KEYS[1], b"somebody else's")
    code, said = undo(str(cleaned.pk))
    assert (code, said["reverted"], said["state"]) == (1, 2, State.PARTLY)
    assert [one["subject"] for one in said["skipped"]] == [KEYS[1]]
    code, said = undo(str(cleaned.pk))
    assert (code, said["reverted"]) == (1, 0)
    assert stored()[KEYS[1]] == b"somebody else's"

    there.delete()
    drain(Owner(there.owner_label, there.owner_id))
    code, said = undo(str(cleaned.pk))
    assert (code, said["reverted"], said["skipped"], said["state"]) == (0, 1, [], State.UNDONE)
    assert stored() == {key: key.encode() for key in KEYS}
    assert undo()[0] == 2, "nothing is left to undo"


@pytest.mark.s3
def test_an_undo_is_undone_and_that_again(cleaned: Operation) -> None:
    aside = stored()
    first = undo()[1]["undo"]
    back = stored()
    assert back == {key: key.encode() for key in KEYS}
    assert (state_of(cleaned), state_of(first)) == (State.UNDONE, State.DONE)

    second = undo(first)[1]["undo"]
    assert stored() == aside
    assert (state_of(cleaned), state_of(first), state_of(second)) == (State.DONE, State.UNDONE, State.DONE)

    third = undo(second)[1]["undo"]
    assert stored() == back
    states = [state_of(one) for one in (cleaned, first, second, third)]
    assert states == [State.UNDONE, State.DONE, State.UNDONE, State.DONE]
    assert not QuarantinedFile.objects.exists()


def test_two_undos_do_not_both_claim_an_act(cleaned: Operation) -> None:
    first = undo()[1]["undo"]
    second = undo(first)[1]["undo"]
    assert undo(str(cleaned.pk))[0] == 0
    code, said = undo(second)
    assert code == 1
    assert {one["why"] for one in said["skipped"]} == {"Another undo has already reverted it."}
    assert state_of(first) == State.UNDONE
    assert stored() == {key: key.encode() for key in KEYS}


def test_the_last_is_neither_undone_nor_an_undo(cleaned: Operation) -> None:
    newer = set_aside(FOURTH)
    assert undo()[1]["operation"] == str(newer.pk)
    assert undo()[1]["operation"] == str(cleaned.pk)
    code, said = undo()
    assert (code, said["error"]) == (2, "There is nothing to undo.")


def test_the_last_is_not_one_that_is_half_undone(cleaned: Operation) -> None:
    """What it had to leave is tried again by its id, and `--last` goes on with the one before."""
    newer = set_aside(FOURTH)
    leave(FOURTH, b"written since")
    code, said = undo()
    assert (code, said["operation"], said["reverted"]) == (1, str(newer.pk), 0)
    code, said = undo()
    assert (code, said["operation"]) == (0, str(cleaned.pk))
    assert undo()[1]["error"] == "There is nothing to undo."
    storage_for().remove(FOURTH)
    assert undo(str(newer.pk))[0] == 0
    assert stored()[FOURTH] == FOURTH.encode()


def test_the_last_may_be_one_that_was_killed(cleaned: Operation) -> None:
    assert killed_after(4, "photostore.tests.inventory_files:set_aside", FOURTH)
    killed = Operation.objects.get(state=State.RUNNING)
    assert undo()[1]["operation"] == str(killed.pk)
    assert stored()[FOURTH] == FOURTH.encode()
    assert state_of(cleaned) == State.DONE


def test_after_a_purge_the_undo_says_so(cleaned: Operation) -> None:
    QuarantinedFile.objects.update(quarantined_at=timezone.now() - timedelta(days=40))
    assert run("purge_quarantine", "--older-than", "30d")[0] == 0
    code, said = undo(str(cleaned.pk))
    assert (code, said["reverted"]) == (1, 0)
    assert {one["why"] for one in said["skipped"]} == {"The file is no longer in quarantine."}
    code, said = undo()
    assert (code, said["code"]) == (2, "final"), "a purge is never undone"
    assert stored() == {}


UNDO = ("undo_photo_operation", "--last")


def redo() -> tuple[str, str]:
    """The command that undoes the newest undo."""
    newest = Operation.objects.filter(undoes__undoes=None).exclude(undoes=None).latest("started_at")
    return "undo_photo_operation", str(newest.pk)


@pytest.mark.parametrize("is_redo", [False, True], ids=["undo", "redo"])
def test_killed_before_every_step_and_run_again(cleaned: Operation, is_redo: bool, each_storage: str) -> None:
    """One after the other on the same files: do, undo, undo the undo, and from the start."""
    if is_redo:
        run(*UNDO)
    run(*(redo() if is_redo else UNDO))
    expected = stored()
    killing, killed = Killing(every=one_of(each_storage)), True
    while killed:
        run(*(UNDO if is_redo else redo()))
        before = len(rows()["steps"]), rows()["audit"]
        killed = killing.life(*(redo() if is_redo else UNDO))
        assert stored() == expected, killing.killed
        assert not Operation.objects.filter(state=State.RUNNING).exists(), killing.killed
        assert not OperationStep.objects.exclude(state__in=["done", "undone"]).exists(), killing.killed
        assert (len(rows()["steps"]) - before[0], rows()["audit"] - before[1]) == (3, 1), killing.killed
    assert killing.was_killed_often(15)


def test_a_killed_undo_that_another_command_closes_can_go_on(cleaned: Operation) -> None:
    one_by_one = Killing(every=1, patches=[("photostore.operations.undo", "PER_FETCH", 1)])
    assert one_by_one.killed_before(("undo_photo_operation", "--last"), first=9)
    newer = set_aside(FOURTH)
    assert state_of(cleaned) == State.PARTLY
    assert undo(str(cleaned.pk))[0] == 0
    assert undo()[1]["operation"] == str(newer.pk)
    assert set(stored()) == {*KEYS, FOURTH}


def test_the_undo_of_another_operation_does_not_go_on_with_a_killed_one(cleaned: Operation) -> None:
    newer = set_aside(FOURTH)
    assert killed_after(5, "undo_photo_operation", str(cleaned.pk))
    killed = Operation.objects.get(state=State.RUNNING)
    assert undo(str(newer.pk))[0] == 0
    other = Operation.objects.get(undoes=newer)
    assert other != killed
    assert {step.details["step"] for step in other.steps.all()} == set(
        newer.steps.values_list("pk", flat=True)
    )
    assert stored()[FOURTH] == FOURTH.encode()


def test_storage_that_becomes_unavailable_midway_ends_with_1_and_says_what_was_done(
    cleaned: Operation, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = type(storage_for())
    original, left = storage.move_many, [2]

    def move_many(self: Any, moves: Any) -> Any:
        moved, left[0] = original(self, moves[: left[0]]), max(0, left[0] - len(moves))
        return moved + [StorageUnavailable()] * (len(moves) - len(moved))

    monkeypatch.setattr(storage, "move_many", move_many)
    code, said = undo()
    assert (code, said["code"], said["done_before"]) == (1, "storage_unavailable", 2)
    code, said = undo()
    assert (code, said["done_before"]) == (2, 0), "this run changed nothing"
    left[0] = 100
    code, said = undo()
    assert code == 0, said
    assert stored() == {key: key.encode() for key in KEYS}


def test_what_was_done_before_is_told_to_a_person(monkeypatch: pytest.MonkeyPatch, own_storage: None) -> None:
    for key in KEYS:
        leave(key, key.encode())
    set_aside(*KEYS)
    original = DiskStorage.move_many

    def move_many(self: Any, moves: Any) -> Any:
        return original(self, moves[:1]) + [StorageUnavailable()] * (len(moves) - 1)

    monkeypatch.setattr(DiskStorage, "move_many", move_many)
    said = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("undo_photo_operation", "--last", stderr=said, stdout=io.StringIO())
    assert ended.value.code == 1
    assert "undo_photo_operation did 1 of its steps, and they stand" in said.getvalue()
    assert "The same command goes on from here." in said.getvalue()
