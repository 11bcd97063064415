"""`erase_student`: nothing is left, nothing brings it back, and a kill anywhere changes nothing."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from photostore.models import Act, AuditEntry, Operation, PendingRemoval, QuarantinedFile, StoredFile
from photostore.storage import storage_for
from students.attendance import upload_attendance_photo
from students.models import AttendancePhoto, Student
from students.tests.killing import ALL, Killed
from students.tests.school import enrol, everything, face, hand_in, stored
from students.tests.test_backups import OPERATOR, backed_up, run
from students.tombstones import Tombstone
from students.versions import take_in


def erase(*arguments: Any) -> tuple[int, str, str]:
    return run("erase_student", *map(str, arguments))


def with_everything(api: Any) -> Student:
    """Two versions, an attendance photo, something in quarantine, something that no row names."""
    made = enrol(api, "Ada Lovelace", student_number="S-1", photo=face(1))
    hand_in(api, made["id"], face(2))
    student = Student.objects.get(pk=made["id"])
    upload_attendance_photo(
        student=student,
        date=datetime.date(2026, 11, 20),
        session="AM",
        incoming=take_in(face(3), filename="a.jpg", origin="api"),
        actor=OPERATOR,
    )
    key = str(student.profile_photo.name)
    damaged = bytearray(storage_for().read(key, max_bytes=10**8))
    damaged[-20] ^= 1
    storage_for().put(key, bytes(damaged), content_type="image/jpeg")
    assert run("restore_student_photos", "--checksum")[0] == 0
    assert QuarantinedFile.objects.exists()
    storage_for().put(f"photos/students/{student.student_id}/notes.txt", b"stray", content_type="text/plain")
    return student


@pytest.fixture
def ada(api: Any, each_storage: str) -> Student:
    return with_everything(api)


def nothing_is_left_of(student: Student) -> None:
    mine = str(student.student_id)
    files = [key for alias in ("default", "safe") for key in stored(alias)]
    assert not [key for key in files if mine in key or f"student_{student.pk}_" in key]
    for table in (StoredFile, PendingRemoval, QuarantinedFile):
        assert not [key for key in table.objects.values_list("key", flat=True) if mine in key], table
    assert not Student.objects.filter(student_id=student.student_id).exists()
    assert not AttendancePhoto.objects.exists()
    kept = str([*AuditEntry.objects.values(), *Act.objects.values(), *Operation.objects.values()])
    assert "Lovelace" not in kept
    assert student.photo_sha256 not in kept


def test_nothing_is_left_and_others_keep_all(api: Any, ada: Student) -> None:
    bea = enrol(api, "Bea", photo=face(9))
    theirs = {key: data for key, data in stored().items() if bea["student_id"] in key}
    code, out, err = erase(ada.pk, "--confirm")
    assert code == 0, err
    assert "No backup names them." in out
    nothing_is_left_of(ada)
    assert theirs.items() <= stored().items()
    assert bea["profile_photo"] in stored()
    assert Operation.objects.get(command="erase_student").can_be_undone is False


def test_it_asks_first(api: Any, db: None) -> None:
    ada = enrol(api, photo=face(1))
    before = everything()
    for student in (ada["id"], 999, "nobody"):
        assert erase(student)[0] == 2
    assert everything() == before
    assert not Operation.objects.exists()


def test_no_backup_brings_them_back_and_it_says_which_names_them(api: Any, ada: Student) -> None:
    backup = backed_up(settings.PHOTO_BACKUP_DIR)
    _code, out, _err = erase(ada.student_id, "--confirm")
    assert f"Remains in {backup.name}" in out
    assert run("restore_student_photos", "--create-students")[0] == 0
    nothing_is_left_of(ada)
    Tombstone.objects.all().delete()  # not even where the audit alone knows
    assert run("restore_student_photos", "--create-students")[0] == 0
    nothing_is_left_of(ada)


def test_a_later_backup_carries_the_tombstones(api: Any, ada: Student, tmp_path: Path) -> None:
    old = backed_up(tmp_path)
    erase(ada.pk, "--confirm")
    new = backed_up(settings.PHOTO_BACKUP_DIR)
    Tombstone.objects.all().delete()
    AuditEntry.objects.all().delete()
    assert run("restore_student_photos", "--backup-file", new)[0] == 0
    assert run("restore_student_photos", "--backup-file", old, "--create-students")[0] == 0
    nothing_is_left_of(ada)


def test_a_fresh_upload_of_the_same_picture_lifts_it(api: Any, ada: Student) -> None:
    erase(ada.pk, "--confirm")
    before = Tombstone.objects.count()
    assert enrol(api, "Ada again", photo=face(2))["profile_photo"]
    assert Tombstone.objects.count() < before


def test_asking_again_is_fine(ada: Student, each_storage: str) -> None:
    erase(ada.pk, "--confirm")
    assert erase(ada.student_id, "--confirm")[0] == 0
    nothing_is_left_of(ada)


def test_killed_at_any_step_and_run_again(api: Any, db: None, steps: Any) -> None:
    for limit in range(60):
        steps(ALL)
        ada = with_everything(api)
        steps(limit)
        try:
            code = erase(ada.pk, "--confirm")[0]
        except Killed:
            steps(ALL)
            assert erase(ada.pk, "--confirm")[0] == 0
            nothing_is_left_of(ada)
            continue
        assert code == 0
        nothing_is_left_of(ada)
        break
    assert limit > 8
