"""Django's own log of the admin: it keeps the name of whatever was edited, and nothing ever removes it."""

from __future__ import annotations

from datetime import datetime

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q

from students.models import AttendancePhoto, FormerStudentNumber, Student, StudentPhoto


def forget_admin_log(pk: int, *, numbers: list[str], until: datetime | None) -> None:
    """Delete the entries about a student and their photos, in the caller's transaction.

    `numbers` are the primary keys of their former numbers. `until` is when the student's integer came to
    somebody else, whose entries stay.
    """
    # Photos are called by their student's integer, also those whose row went long ago.
    called = Q(object_repr__startswith=f"{pk} ")
    theirs = (
        _of(Student) & Q(object_id=str(pk))
        | _of(StudentPhoto) & called
        | _of(AttendancePhoto) & called
        | _of(FormerStudentNumber) & Q(object_id__in=numbers)
    )
    entries = LogEntry.objects.filter(theirs)
    (entries.filter(action_time__lt=until) if until else entries).delete()


def _of(model: type[Student | StudentPhoto | AttendancePhoto | FormerStudentNumber]) -> Q:
    return Q(content_type=ContentType.objects.get_for_model(model, for_concrete_model=False))
