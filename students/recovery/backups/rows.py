"""The rows of a backup, in batches by primary key: 100,000 students take no more memory than 500."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from photostore import keys
from photostore.models import StoredFile
from students.models import Student, StudentPhoto
from students.recovery.backups.contents import BackedUpPhoto
from students.slots import half_day
from students.tombstones import Tombstone
from students.versions import EXTENSIONS

BATCH = 500
STUDENT_FIELDS = (
    *(
        "id",
        "student_id",
        "student_number",
        "name",
        "first_name",
        "last_name",
        "grade",
        "class_name",
        "status",
    ),
    *("left_on", "profile_photo", "photo_sha256", "photo_updated_at", "created_at", "updated_at"),
)
OF_THE_FILE = {"key", "byte_size"}
FIELDS = tuple(name for name in BackedUpPhoto.__dataclass_fields__ if name not in OF_THE_FILE)


def student_rows() -> Iterator[dict[str, Any]]:
    """Every student with all that is known of their photos, by primary key."""
    students = Student.objects.order_by("pk").prefetch_related("former_numbers", "photos")
    last = 0
    while batch := list(students.filter(pk__gt=last)[:BATCH]):
        sizes = _sizes(batch)
        yield from (_student(student, sizes) for student in batch)
        last = batch[-1].pk


def erased_rows() -> Iterator[dict[str, Any]]:
    """Who was erased: a restore from this backup must know it, also when the database is gone."""
    for stone in Tombstone.objects.order_by("pk").iterator():
        yield {name: getattr(stone, name) for name in ("student_id", "sha256", "erased_at")}


def _student(student: Student, sizes: dict[str, int]) -> dict[str, Any]:
    row = {name: getattr(student, name) for name in STUDENT_FIELDS} | {
        "profile_photo": student.profile_photo.name or ""
    }
    return row | {
        "had_photo": any(photo.replaced_at is None for photo in student.profile_versions),
        "photo": f"/api/photos/students/{student.student_id}/profile.jpg" if student.profile_photo else None,
        # A photo that was taken away on purpose: who reads this later must not bring it back.
        "photo_removed_at": None if student.profile_photo else student.photo_updated_at,
        "former_numbers": [former.student_number for former in student.former_numbers.all()],
        "photos": [_photo(student, photo, sizes) for photo in student.profile_versions],
        "attendance": [_attendance(student, photo, sizes) for photo in student.attendance_photos],
    }


def _attendance(student: Student, photo: StudentPhoto, sizes: dict[str, int]) -> dict[str, Any]:
    date, session = half_day(photo.slot)
    row = {"date": date, "session": session} | _photo(student, photo, sizes)
    del row["replaced_at"]  # current ones only
    return row


def _photo(student: Student, photo: StudentPhoto, sizes: dict[str, int]) -> dict[str, Any]:
    key = _key(student, photo)
    return {"key": key, "byte_size": sizes.get(key, 1)} | {name: getattr(photo, name) for name in FIELDS}


def _key(student: Student, photo: StudentPhoto) -> str:
    return keys.student_version(student.student_id, photo.sha256, EXTENSIONS[photo.content_type])


def _sizes(batch: list[Student]) -> dict[str, int]:
    wanted: list[str] = []
    for student in batch:
        wanted += [_key(student, photo) for photo in student.photos.all()]
    rows = StoredFile.objects.filter(storage_alias="default", key__in=wanted)
    return dict(rows.values_list("key", "byte_size"))
