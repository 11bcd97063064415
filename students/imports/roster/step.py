"""The step that adds a student, or changes what a student's row says; many in one transaction."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from photostore.audit import record_many
from photostore.many_rows import insert
from photostore.models import OperationStep
from photostore.registration import RowsHandler
from students.imports.roster.columns import FIELDS
from students.models import Student
from students.photos import subject_of
from students.recovery.change.sources import actor_of

Steps = Sequence[OperationStep]
Left = dict[int, str]
NULL = ("student_number", "left_on")


class ChangeStudent(RowsHandler):
    """Details: `student_id`; `before` and `after`, the fields that change. Without `before` the student is
    new, under `id`.

    Each row is looked at under its lock: where it is neither as before nor as after, it was changed, and
    it stays.
    """

    name = "change_student"

    def perform_together(self, steps: Steps) -> Left:
        """Add and change."""
        made, changed = _parted(steps)
        left = _trying(made, _add)
        return left | _trying(changed, lambda some: _change(some, "before", "after", "student.update"))

    def revert_together(self, steps: Steps) -> Left:
        """Put the fields back, and remove who was added, unless the row was used since."""
        made, changed = _parted(steps)
        left = _remove(made)
        return left | _trying(changed, lambda some: _change(some, "after", "before", "student.update"))


def _parted(steps: Steps) -> tuple[Steps, Steps]:
    made = [step for step in steps if step.details["before"] is None]
    return made, [step for step in steps if step.details["before"] is not None]


def _trying(steps: Steps, work: Callable[[Steps], Left]) -> Left:
    """Another student may have a number by now: which of them it is is found out one by one."""
    try:
        with transaction.atomic():
            return work(steps)
    except IntegrityError:
        if len(steps) == 1:
            return {steps[0].pk: _("The number belongs to another student by now.")}
    left: Left = {}
    for step in steps:
        left |= _trying([step], work)
    return left


def _locked(steps: Steps) -> dict[str, Student]:
    """Those that are here, by `student_id`; in one order, so that no two transactions wait for each other."""
    ids = [UUID(step.details["student_id"]) for step in steps]
    rows = Student.objects.select_for_update().filter(student_id__in=ids).order_by("pk")
    return {str(student.student_id): student for student in rows}


def _add(steps: Steps) -> Left:
    here = _locked(steps)
    absent = [step for step in steps if step.details["student_id"] not in here]
    came = _came_meanwhile(absent)
    rest = [step for step in absent if step.pk not in came]
    insert(Student, [_columns(step) for step in rest])
    _audit(rest, "student.create", [step.subject for step in rest])
    return dict.fromkeys(came, _("A student of this name and class was added since."))


def _came_meanwhile(steps: Steps) -> set[int]:
    """Those without a number whose namesake in their class was added after the check."""
    unnumbered = [step for step in steps if not step.details["after"].get("student_number")]
    names = {step.details["after"]["name"] for step in unnumbered}
    added = {
        (name, class_name): at
        for name, class_name, at in Student.objects.filter(name__in=names)
        .order_by("created_at")
        .values_list("name", "class_name", "created_at")
    }
    came = set()
    for step in unnumbered:
        after = step.details["after"]
        at = added.get((after["name"], after.get("class_name", "")))
        if at is not None and at > datetime.fromisoformat(step.details["looked_at"]):
            came.add(step.pk)
    return came


def _columns(step: OperationStep) -> dict[str, Any]:
    details, now = step.details, timezone.now()
    return {
        "id": details["id"],
        "student_id": details["student_id"],
        "created_at": now,
        "updated_at": now,
        **_added(step),
    }


def _added(step: OperationStep) -> dict[str, Any]:
    """All fields of a student as the step adds them."""
    said = {"status": Student.Status.ACTIVE, **step.details["after"]}
    return {name: said.get(name, None if name in NULL else "") for name in FIELDS}


def _remove(steps: Steps) -> Left:
    here, left, gone = _locked(steps), {}, []
    with_photos = set(
        Student.objects.filter(pk__in=[one.pk for one in here.values()], photos__isnull=False).values_list(
            "pk", flat=True
        )
    )
    for step in steps:
        student = here.get(step.details["student_id"])
        if student is None:
            continue
        if student.profile_photo or student.pk in with_photos:
            left[step.pk] = _("The student has photos by now.")
        elif _says(student, FIELDS) != _added(step):
            left[step.pk] = _("The student was changed since.")
        else:
            gone.append(student)
    _audit(steps, "student.delete", map(subject_of, gone))
    Student.objects.filter(pk__in=[student.pk for student in gone]).delete()
    return left


def _change(steps: Steps, before: str, after: str, action: str) -> Left:
    here, left, changed = _locked(steps), {}, []
    for step in steps:
        student, fields = here.get(step.details["student_id"]), step.details[after]
        if student is None:
            left[step.pk] = _("The student no longer exists.")
        elif _says(student, fields) == fields:
            continue
        elif _says(student, fields) != step.details[before]:
            left[step.pk] = _("The student was changed since.")
        else:
            changed.append(student)
            for name, value in fields.items():
                setattr(student, name, value)
    _write(changed)
    _audit(steps, action, map(subject_of, changed))
    return left


def _says(student: Student, names: Iterable[str]) -> dict[str, Any]:
    """The fields of a student, as a journal writes them."""
    values = {name: getattr(student, name) for name in names}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


# One statement for hundreds of rows.
_UPDATE = """
UPDATE students_student AS student SET {assignments}, updated_at = now()
FROM jsonb_to_recordset(%s::jsonb) AS new (id bigint, {columns}) WHERE student.id = new.id
""".format(
    assignments=", ".join(f"{name} = new.{name}" for name in FIELDS),
    columns=", ".join(f"{name} {'date' if name == 'left_on' else 'text'}" for name in FIELDS),
)


def _write(students: list[Student]) -> None:
    if not students:
        return
    rows = [{"id": student.pk, **_says(student, FIELDS)} for student in students]
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE, [json.dumps(rows)])


def _audit(steps: Steps, action: str, subjects: Iterable[str]) -> None:
    if steps:
        record_many(actor_of(steps[0]), action, subjects)
