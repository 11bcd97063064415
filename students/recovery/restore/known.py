"""What the database and the register know of students."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from photostore.models import StoredFile
from students.models import OWNER_LABEL, Student
from students.recovery.backups import BackedUpStudent


def students_with_photos() -> Any:
    return Student.objects.prefetch_related("photos")


def registered_files(students: Iterable[Student]) -> dict[int, list[StoredFile]]:
    """The register's rows of these students, originals first."""
    given = list(students)
    files: dict[int, list[StoredFile]] = {student.pk: [] for student in given}
    rows = StoredFile.objects.filter(owner_label=OWNER_LABEL, owner_id__in=[str(pk) for pk in files])
    for row in rows.order_by("-kind", "pk"):
        files[int(row.owner_id)].append(row)
    return files


def former_sha256s(student: Student, entry: BackedUpStudent) -> set[str]:
    """By the rows and the backup; what is today's by the row is not among them."""
    former = {photo.sha256 for photo in student.profile_versions if photo.replaced_at}
    former |= {photo.sha256 for photo in entry.photos if photo.replaced_at}
    return former - {student.photo_sha256}


def rows_suffice(student: Student, entry: BackedUpStudent) -> bool:
    """Whether the database knows every version that the backup knows: then its own rows are the source."""
    rows = {photo.sha256 for photo in student.profile_versions}
    return bool(rows) and rows >= {photo.sha256 for photo in entry.photos}


def is_taken(pk: int | None) -> bool:
    return pk is not None and Student.objects.filter(pk=pk).exists()
