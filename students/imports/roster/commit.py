"""Committing a list: one operation, a step for every accepted row, each looked at again when it is done."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import ngettext

from photostore.audit import Actor
from photostore.commands import one_at_a_time
from photostore.errors import Conflict
from photostore.many_rows import next_ids
from photostore.models import Operation, OperationStep
from photostore.operations import OperationRunner, run_operation
from students.imports import lifecycle
from students.imports.roster.lines import full_name
from students.imports.roster.step import ChangeStudent
from students.models import Import, ImportRow, Student

COMMAND = "import_students"
TOGETHER = 500
# Marking more of the school than this as left is not done without typing the number.
MOST_TO_LEAVE = 0.3
Outcome = ImportRow.Outcome


def leaving(batch: Import) -> int:
    """How many students the accepted rows would mark as left."""
    return batch.rows.filter(accepted=True, outcome="", changes__status__1=Student.Status.LEFT).count()


def to_be_typed(batch: Import) -> int | None:
    """The number of students to leave, where it has to be typed; None where it need not."""
    count = leaving(batch)
    active = Student.objects.filter(status=Student.Status.ACTIVE).count()
    return count if count > MOST_TO_LEAVE * active else None


def begin_commit(batch: Import, actor: Actor, *, confirm_left: int | None = None) -> None:
    """From here on the job commits it. Raises `Conflict`, also where the number is to be typed and is not."""
    with transaction.atomic():
        lifecycle.refuse_unless_ready(Import.objects.select_for_update().get(pk=batch.pk))
        asked = to_be_typed(batch)
        if asked is not None and confirm_left != asked:
            raise _many_would_leave(asked)
        lifecycle.begin_commit(batch, actor)


def _many_would_leave(count: int) -> Conflict:
    sentence = ngettext(
        "This would mark %(n)d student as left, more than 30 %% of the school. "
        "Type the number if it is right.",
        "This would mark %(n)d students as left, more than 30 %% of the school. "
        "Type the number if it is right.",
        count,
    )
    refusal = Conflict(sentence % {"n": count}, code="many_would_leave", field="confirm_left")
    refusal.extra["leaving"] = count
    return refusal


def commit(batch: Import) -> None:
    """All accepted rows, in batches. Killed and called again, it goes on. Raises `CommandRefused`."""
    with one_at_a_time(COMMAND):
        assert batch.operation is not None
        if lifecycle.was_undone(batch):
            rest = batch.rows.filter(accepted=True, outcome="")
            rest.update(outcome=Outcome.STAYED, findings=[{"code": "taken_back"}])
        else:
            with run_operation(COMMAND, lifecycle.committer(batch), pk=batch.operation) as runner:
                _commit(batch, runner)
        lifecycle.now_committed(batch)


def _commit(batch: Import, runner: OperationRunner) -> None:
    if runner.resumed:
        _settle(batch, runner.operation)
    waiting = batch.rows.filter(accepted=True, outcome="").select_related("student").order_by("n")
    while rows := list(waiting[:TOGETHER]):
        items = _items(batch, rows)
        steps = runner.steps(ChangeStudent.name, items)
        _keep_outcomes(batch, steps)


def _items(batch: Import, rows: list[ImportRow]) -> list[tuple[str, dict[str, Any]]]:
    """The steps of rows: subject and details."""
    is_new = [row.student is None and not row.changes for row in rows]
    ids = iter(next_ids(Student, sum(is_new)))
    items = []
    for row, new in zip(rows, is_new, strict=True):
        # Of a student who was deleted since the preview the id is unknown, and the step says so.
        student_id = str(row.student.student_id if row.student else uuid4())
        details = _adding(batch, row, next(ids)) if new else _changing(row)
        items.append((f"student {student_id}", {"student_id": student_id, "row": row.n, **details}))
    return items


def _adding(batch: Import, row: ImportRow, pk: int) -> dict[str, Any]:
    fields = {name: value for name, value in row.data.items() if value}
    fields["name"] = full_name(fields)
    after = fields | _left_today(row, fields)
    # Who has no number is told from a namesake who came meanwhile by the moment.
    return {"id": pk, "before": None, "after": after, "looked_at": batch.created_at.isoformat()}


def _changing(row: ImportRow) -> dict[str, Any]:
    before = {name: old for name, (old, _new) in row.changes.items()}
    after = {name: new for name, (_old, new) in row.changes.items()}
    today = _left_today(row, after)
    return {"before": before | dict.fromkeys(today), "after": after | today}


def _left_today(row: ImportRow, fields: dict[str, Any]) -> dict[str, str]:
    """Who becomes "left" without a day, leaves today."""
    known = fields.get("left_on") or (row.student and row.student.left_on)
    if fields.get("status") != Student.Status.LEFT or known:
        return {}
    return {"left_on": timezone.localdate().isoformat()}


# One statement for hundreds of rows; who was added is the row's student from now on.
_DONE = """
UPDATE students_importrow AS row SET outcome = %s, student_id = coalesce(row.student_id, new.id)
FROM unnest(%s::integer[], %s::bigint[]) AS new (n, id) WHERE row.batch_id = %s AND row.n = new.n
"""


def _keep_outcomes(batch: Import, steps: list[OperationStep]) -> None:
    """What became of each row."""
    done = [step.details for step in steps if step.state == OperationStep.State.DONE]
    with connection.cursor() as cursor:
        numbers, ids = [one["row"] for one in done], [one.get("id") for one in done]
        cursor.execute(_DONE, [Outcome.DONE, numbers, ids, batch.pk])
    for step in steps:
        if step.state == OperationStep.State.SKIPPED:
            said = {"code": "stayed", "sentence": step.note}
            row = batch.rows.get(n=step.details["row"])
            row.outcome, row.findings = Outcome.STAYED, [*row.findings, said]
            row.save(update_fields=["outcome", "findings"])


def _settle(batch: Import, operation: Operation) -> None:
    """A kill may have come between the steps and what the rows say of them."""
    waiting = set(batch.rows.filter(accepted=True, outcome="").values_list("n", flat=True))
    steps = operation.steps.order_by("number").iterator(chunk_size=TOGETHER)
    _keep_outcomes(batch, [step for step in steps if step.details.get("row") in waiting])
