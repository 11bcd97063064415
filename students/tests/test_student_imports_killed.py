"""SIGKILL while a list is committed or taken back: the next run goes on, and all of it is one operation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from photostore.models import AuditEntry, Operation, OperationStep
from photostore.operations import run_operation
from students.imports import kinds, lifecycle
from students.imports.roster import receive, rows
from students.jobs import take_up_imports
from students.models import Import
from students.tests.commands import OPERATOR, run
from students.tests.rosters import FIELDS, listed, pupil, school
from testing.jobs import run_jobs
from testing.kills.commands import Killing

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]

COMMIT = "students.imports.kinds:commit"
UNDO = ("undo_photo_operation", "--last")
NEVER = 2**64
TWO_TOGETHER = [("students.imports.roster.commit", "TOGETHER", 2)]
LIST = listed("1;Lovelace;Ada;4b", "2;Good;Bea;4b", "4;New;Gus;4b", "5;New;Hal;4b", "6;New;Ida;4b")


def read() -> Import:
    """A list that changes two students, adds three, and lets one leave; committing, and no job knows."""
    batch = receive.begin(LIST, file_name="students.csv", options={}, actor=OPERATOR)
    kinds.read(batch.pk)
    batch.refresh_from_db()
    rows.accept_all(batch, "missing", accepted=True, actor=OPERATOR)
    lifecycle.begin_commit(batch, OPERATOR)
    return batch


def as_it_reads() -> list[dict[str, Any]]:
    """Without the ids, which every import makes anew."""
    return [{name: one[name] for name in FIELDS if name not in ("id", "student_id")} for one in school()]


def begin_with_three() -> list[dict[str, Any]]:
    pupil("1", "Ada", "Lovelace", "4a")
    pupil("2", "Bea", "Good", "4a")
    pupil("3", "Zoe", "Leaving", "4a")
    return school()


def assert_done_once(batch: Import) -> None:
    batch.refresh_from_db()
    assert batch.state == "committed"
    assert {row.outcome for row in batch.rows.filter(accepted=True)} == {"done"}
    assert all(row.student_id for row in batch.rows.all())
    operation = Operation.objects.get(pk=batch.operation)
    assert operation.state == "done"
    steps = operation.steps.filter(state=OperationStep.State.DONE)
    assert sorted(step.details["row"] for step in steps) == sorted(row.n for row in batch.rows.all())
    assert operation.steps.count() == 6
    added = AuditEntry.objects.filter(action="student.create", subject__in=[step.subject for step in steps])
    assert added.count() == 3


def committed_and_undone(committing: Killing, undoing: Killing, before: list[dict[str, Any]]) -> bool:
    batch = read()
    killed = committing.life(COMMIT, str(batch.pk))
    assert_done_once(batch)
    expected = ["1", "2", "3", "4", "5", "6"]
    after = as_it_reads()
    assert [one["student_number"] for one in after] == expected, committing.killed
    assert [one["status"] for one in after] == ["active"] * 2 + ["left"] + ["active"] * 3
    killed |= undoing.life(*UNDO)
    assert school() == before, undoing.killed
    assert Operation.objects.get(pk=batch.operation).state == "undone"
    return killed


def test_killed_while_it_is_committed_it_goes_on() -> None:
    before = begin_with_three()
    committing = Killing(every=1, apart=9, patches=TWO_TOGETHER, as_json=False)
    assert committed_and_undone(committing, Killing(every=NEVER), before)
    assert len(committing.steps) > 1


@pytest.mark.exhaustive
def test_killed_before_each_step_it_goes_on() -> None:
    before = begin_with_three()
    committing = Killing(every=1, patches=TWO_TOGETHER, as_json=False)
    undoing = Killing(every=1)
    while committed_and_undone(committing, undoing, before):
        pass
    assert len(committing.steps) >= 12, sorted(committing.steps)
    assert len(undoing.steps) >= 4, sorted(undoing.steps)


def killed_after_three_steps() -> Import:
    begin_with_three()
    batch = read()
    Killing(every=1, patches=TWO_TOGETHER, as_json=False).killed_before((COMMIT, str(batch.pk)), first=5)
    batch.refresh_from_db()
    assert batch.state == "committing"
    assert OperationStep.objects.exists()
    return batch


def taken_up(batch: Import) -> None:
    """As a worker does every five minutes, once an hour has gone by."""
    Import.objects.filter(pk=batch.pk).update(created_at=timezone.now() - timedelta(hours=2))
    with run_operation("something_else", OPERATOR):
        pass  # another command closes what it finds killed: the import goes on with it all the same
    take_up_imports()
    run_jobs()


def test_a_worker_takes_up_what_a_killed_one_left() -> None:
    batch = killed_after_three_steps()
    taken_up(batch)
    assert_done_once(batch)


def test_what_was_undone_meanwhile_is_not_gone_on_with() -> None:
    batch = killed_after_three_steps()
    assert run(*UNDO)[0] == 0
    after = school()
    taken_up(batch)
    assert school() == after
    assert [one["class_name"] for one in after] == ["4a"] * 3
    batch.refresh_from_db()
    assert batch.state == "committed"
    assert batch.rows.filter(outcome="stayed", findings=[{"code": "taken_back"}]).exists()
