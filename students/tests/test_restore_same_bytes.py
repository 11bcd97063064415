"""One picture for several half-days and several students: each link is told apart, back and forth."""

from __future__ import annotations

import datetime
import hashlib
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from photostore import keys
from photostore.models import StoredFile
from photostore.storage import storage_for
from photostore.tests.inventory_files import run as run_json
from students.models import AttendancePhoto, Student
from students.slots import slot_of
from students.tests.commands import backed_up
from students.tests.losing import restore, undo
from students.tests.school import enrol, face, stored

DATES = (datetime.date(2026, 11, 19), datetime.date(2026, 11, 20))
SHARED = face(7)
SHA256 = hashlib.sha256(SHARED).hexdigest()


def photo_of(student: Student, date: datetime.date) -> None:
    """As another system wrote it: without an identity inside, so the bytes are the same."""
    version, slot = keys.student_version(student.student_id, SHA256, "jpg"), slot_of(date, "AM")
    for key in (keys.student_attendance(student.student_id, slot), version):
        storage_for().put(key, SHARED, content_type="image/jpeg")
    AttendancePhoto.objects.create(
        student=student,
        slot=slot,
        file=version,
        dhash=0,
        origin="restore",
        **dict.fromkeys(("sha256", "untagged_sha256", "source_sha256"), SHA256),
        width=300,
        height=400,
        content_type="image/jpeg",
        uploaded_at=datetime.datetime(2026, 11, 20, tzinfo=datetime.UTC),
    )


def rows() -> list[Any]:
    return list(AttendancePhoto.objects.order_by("student", "slot").values_list("student", "slot", "file"))


def files() -> dict[tuple[str, str], bytes]:
    kept = {(alias, key): data for alias in ("default", "safe") for key, data in stored(alias).items()}
    return {file_ref: data for file_ref, data in kept.items() if not file_ref[1].startswith("derived/")}


@pytest.fixture
def school(api: Any, each_storage: str) -> list[Student]:
    students = [Student.objects.get(pk=enrol(api, name, photo=face(1))["id"]) for name in ("Ada", "Bea")]
    for student in students:
        for date in DATES:
            photo_of(student, date)
    assert restore()[0] == 0
    assert "Records updated: 0" in restore()[1], "nothing is forgotten any more"
    return students


def test_each_half_day_comes_back_and_goes_again(school: list[Student]) -> None:
    backed_up(settings.PHOTO_BACKUP_DIR)
    there, kept = rows(), files()
    assert len(there) == 4
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("TRUNCATE photostore_storedfile CASCADE")
        cursor.execute("DELETE FROM students_studentphoto WHERE slot <> 'profile'")
    assert restore()[0] == 0
    assert (rows(), files()) == (there, kept)
    assert run_json("verify_media", "--checksum")[0] == 0
    assert undo()[0] == 0
    assert (rows(), files()) == ([], kept)


def entered_under_another_date(photo: AttendancePhoto, date: datetime.date) -> None:
    """By hand, with its file: of the half-day in the backup there is no row any more."""
    slot, student_id = slot_of(date, "AM"), photo.student.student_id
    old, new = (keys.student_attendance(student_id, one) for one in (photo.slot, slot))
    storage_for().move(old, new)
    StoredFile.objects.filter(key=old).update(key=new)
    AttendancePhoto.objects.filter(pk=photo.pk).update(slot=slot)


def test_an_undo_leaves_the_other_half_day_and_its_bytes(school: list[Student]) -> None:
    """One was brought back, so only that one goes with the undo."""
    ada = school[0]
    backed_up(settings.PHOTO_BACKUP_DIR)
    second = AttendancePhoto.objects.get(student=ada, slot=slot_of(DATES[1], "AM"))
    entered_under_another_date(second, datetime.date(2026, 11, 21))
    there, kept = rows(), files()
    assert restore()[0] == 0
    assert len(rows()) == 5
    assert undo()[0] == 0
    assert (rows(), files()) == (there, kept)
    assert run_json("verify_media", "--checksum")[0] == 0
