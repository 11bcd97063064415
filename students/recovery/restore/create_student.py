"""The step that makes a student of the backup again, under the old `student_id`."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy as _

from photostore.audit import record
from photostore.errors import Changed
from photostore.models import OperationStep
from photostore.operations import StepHandler
from students.models import FormerStudentNumber, Student
from students.photos import subject_of
from students.recovery.backups import BackedUpStudent
from students.recovery.change.entries import entry_of
from students.recovery.change.sources import actor_of

FIELDS = ("student_number", "name", "first_name", "last_name", "grade", "class_name", "status", "left_on")


class CreateStudent(StepHandler):
    """Details: `backup`, `backup_sha256`, `student_id`, `id` (the old one, or None where it is taken)."""

    name = "create_student"

    def perform(self, step: OperationStep) -> None:
        """Insert the row, with the times that it had; nothing where the student is here already."""
        entry = entry_of(step)
        if Student.objects.filter(student_id=entry.student_id).exists():
            return
        try:
            with transaction.atomic(durable=True):
                student = _created(entry, step.details["id"])
                record(actor_of(step), "student.revive", subject=subject_of(student))
        except IntegrityError as error:
            raise Changed(_("The student's number or id belongs to another student by now.")) from error

    def revert(self, step: OperationStep) -> None:
        """Remove the student, unless the row was used since."""
        if not Student.objects.filter(student_id=step.details["student_id"]).exists():
            return
        entry = entry_of(step)  # before any row is locked: the backup may be large
        with transaction.atomic(durable=True):
            student = (
                Student.objects.select_for_update().filter(student_id=step.details["student_id"]).first()
            )
            if student is None:
                return
            if student.profile_photo or student.photos.exists():
                raise Changed(_("The student has photos by now."))
            if any(getattr(student, name) != getattr(entry, name) for name in FIELDS):
                raise Changed(_("The student was changed since."))
            record(actor_of(step), "student.unrevive", subject=subject_of(student))
            student.delete()


def _created(entry: BackedUpStudent, pk: int | None) -> Student:
    values: dict[str, Any] = {name: getattr(entry, name) for name in FIELDS}
    student = Student(pk=pk, student_id=entry.student_id, **values)
    student.save(force_insert=True)
    if entry.created_at:
        Student.objects.filter(pk=student.pk).update(created_at=entry.created_at, updated_at=entry.updated_at)
    FormerStudentNumber.objects.bulk_create(
        FormerStudentNumber(student=student, student_number=number) for number in entry.former_numbers
    )
    _move_the_sequence_beyond(student.pk)
    return student


def _move_the_sequence_beyond(pk: int) -> None:
    """Else the next student would be given an id that is taken. Sequences never roll back, and need not."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence('students_student', 'id'), %s) "
            "WHERE %s > (SELECT last_value FROM students_student_id_seq)",
            [pk, pk],
        )
