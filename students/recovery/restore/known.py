"""What the database and the register know of students."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from photostore.models import StoredFile
from students.models import ATTENDANCE_LABEL, OWNER_LABEL, AttendancePhoto, Student
from students.recovery.backups import BackedUpStudent


def students_with_photos() -> Any:
    return Student.objects.prefetch_related("photos", "attendance_photos")


def registered_files(students: Iterable[Student]) -> dict[int, list[StoredFile]]:
    """The register's rows of these students and of their attendance photos, originals first."""
    given = list(students)
    files: dict[int, list[StoredFile]] = {student.pk: [] for student in given}
    owners = {(OWNER_LABEL, str(student.pk)): student.pk for student in given}
    # Asked anew: a link that was made a moment ago has a row that the student at hand does not know.
    attendance = AttendancePhoto.objects.filter(student__in=files).values_list("pk", "student_id")
    owners |= {(ATTENDANCE_LABEL, str(pk)): student for pk, student in attendance}
    for label in (OWNER_LABEL, ATTENDANCE_LABEL):
        ids = [owner_id for known, owner_id in owners if known == label]
        rows = StoredFile.objects.filter(owner_label=label, owner_id__in=ids)
        for row in rows.order_by("-kind", "pk"):
            files[owners[label, row.owner_id]].append(row)
    return files


def former_sha256s(student: Student, entry: BackedUpStudent) -> set[str]:
    """By the rows and the backup; what is today's by the row is not among them."""
    former = {photo.sha256 for photo in student.photos.all() if photo.replaced_at}
    former |= {photo.sha256 for photo in entry.photos if photo.replaced_at}
    return former - {student.photo_sha256}


def rows_suffice(student: Student, entry: BackedUpStudent) -> bool:
    """Whether the database knows every version that the backup knows: then its own rows are the source."""
    rows = {photo.sha256 for photo in student.photos.all()}
    return bool(rows) and rows >= {photo.sha256 for photo in entry.photos}


def is_taken(pk: int | None) -> bool:
    return pk is not None and Student.objects.filter(pk=pk).exists()
