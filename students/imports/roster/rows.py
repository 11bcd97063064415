"""A person's word on rows of a list: one by one, or all of one state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from photostore.audit import Actor, record
from photostore.errors import Conflict, NotFound
from students.imports import lifecycle
from students.imports.roster.judging import Judged, matched, missing, new
from students.imports.roster.lines import full_name
from students.imports.roster.school import Pupil
from students.imports.roster.words import RowState
from students.models import Import, ImportRow, Student

# Of these something can be done; the others say what has to be mended in the list.
ACCEPTABLE = (RowState.NEW, RowState.CHANGED, RowState.RETURNS, RowState.NUMBER_CHANGED, RowState.MISSING)
ABOUT_SOMEBODY = (*ACCEPTABLE[:-1], RowState.UNCHANGED)


def change_row(row: ImportRow, change: Mapping[str, Any], actor: Actor) -> None:
    """Whom it is about (None: a new student), and whether it is accepted. Raises `Conflict`, `NotFound`."""
    with transaction.atomic():
        # A commit or a second reading waits, or was faster.
        batch = Import.objects.select_for_update().get(pk=row.batch_id)
        lifecycle.refuse_unless_ready(batch)
        if "student" in change and change["student"] != row.student_id:
            _is_about(row, change["student"])
            row.accepted = row.state in ACCEPTABLE
        if change.get("accepted", row.accepted) and row.state not in ACCEPTABLE:
            raise Conflict(_("There is nothing to be done with this row."), code="not_acceptable")
        row.accepted = change.get("accepted", row.accepted)
        row.save()
        if row.accepted and row.findings:
            codes = [one["code"] for one in row.findings]
            record(
                actor, "import.accept", subject=lifecycle.subject_of(batch), details=[f"row {row.n}", *codes]
            )


def tick(batch: Import, accepted: Mapping[int, bool], *, actor: Actor) -> None:
    """Many rows one by one, by their numbers; what is as it was said already is not touched."""
    for row in batch.rows.filter(n__in=accepted, state__in=ACCEPTABLE):
        if row.accepted != accepted[row.n]:
            change_row(row, {"accepted": accepted[row.n]}, actor)


def accept_all(batch: Import, state: str, *, accepted: bool, actor: Actor) -> int:
    """All rows of one state, or none of them; how many. Raises `Conflict`."""
    if state not in ACCEPTABLE:
        raise Conflict(_("There is nothing to be done with rows of this state."), code="not_acceptable")
    with transaction.atomic():
        batch = Import.objects.select_for_update().get(pk=batch.pk)
        lifecycle.refuse_unless_ready(batch)
        count = batch.rows.filter(state=state).exclude(accepted=accepted).update(accepted=accepted)
        details = ["accepted" if accepted else "left", state, str(count)]
        record(actor, "import.accept_all", subject=lifecycle.subject_of(batch), details=details)
    return count


def _is_about(row: ImportRow, pk: int | None) -> None:
    """The row is judged anew; who is in the list by this is not missing, and the other way round."""
    if row.state not in ABOUT_SOMEBODY:
        raise Conflict(_("This row cannot be given to a student."), code="not_acceptable")
    before = row.student_id
    if pk is None:
        _judge(row, new(row.n, row.data, []))
        if not full_name(row.data):
            raise Conflict(_("The row has no name."), code="no_name")
    else:
        _judge(row, matched(row.n, row.data, _free(row, pk), "chosen"))
        row.batch.rows.filter(state=RowState.MISSING, student=pk).delete()
    if before is not None:
        _add_missing(row.batch, before)


def _judge(row: ImportRow, judged: Judged) -> None:
    for name, value in judged.columns().items():
        setattr(row, name, value)


def _free(row: ImportRow, pk: int) -> Pupil:
    pupil = _pupil(pk)
    if pupil is None:
        raise NotFound
    others = row.batch.rows.filter(student=pk).exclude(state=RowState.MISSING).exclude(pk=row.pk)
    if others.exists():
        raise Conflict(_("Another row is about this student."), code="same_student", field="student")
    return pupil


def _pupil(pk: int) -> Pupil | None:
    found = Student.objects.filter(pk=pk).values_list(*Pupil._fields).first()
    return Pupil(*found) if found else None


def _add_missing(batch: Import, pk: int) -> None:
    pupil = _pupil(pk)
    if pupil is None or pupil.status != Student.Status.ACTIVE:
        return
    last = batch.rows.aggregate(last=Max("n"))["last"] or 0
    row = ImportRow(batch=batch)
    _judge(row, missing(last + 1, pupil))
    row.save()
