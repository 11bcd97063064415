"""`erase_student`: nothing is left, nothing brings it back, and a kill anywhere changes nothing."""

from __future__ import annotations

import datetime
import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry

from photostore.models import (
    AuditEntry,
    Operation,
    OperationStep,
    PendingRemoval,
    QuarantinedFile,
    StoredFile,
)
from photostore.operations import run_operation
from photostore.register.after_commit import finish_all_commits
from photostore.storage import storage_for
from students.models import AttendancePhoto, FormerStudentNumber, Student
from students.photos import upload_photo
from students.slots import slot_of
from students.tests.commands import OPERATOR, backed_up, run
from students.tests.school import enrol, everything, face, hand_in, opened, saved, stored
from students.tombstones import Tombstone
from students.versions import take_in
from testing.kills.commands import Killing, one_of
from testing.once import made_once


def erase(*arguments: Any) -> tuple[int, str, str]:
    return run("erase_student", *map(str, arguments))


def with_everything(api: Any) -> Student:
    """Two versions, an attendance photo, something in quarantine, something that no row names."""
    made = enrol(api, "Ada Lovelace", student_number="S-1", photo=face(1))
    hand_in(api, made["id"], face(2))
    student = Student.objects.get(pk=made["id"])
    upload_photo(
        student=student,
        slot=slot_of(datetime.date(2026, 11, 20), "AM"),
        incoming=take_in(face(3), filename="a.jpg", origin="api"),
        actor=OPERATOR,
    )
    key = str(student.profile_photo.name)
    damaged = bytearray(storage_for().read(key, max_bytes=10**8))
    damaged[-20] ^= 1
    storage_for().put(key, bytes(damaged), content_type="image/jpeg")
    assert run("restore_student_photos", "--checksum")[0] == 0
    assert QuarantinedFile.objects.exists()
    storage_for().put(
        f"photos/students/{student.student_id}/notes.txt", b"unowned file", content_type="text/plain"
    )
    return student


@pytest.fixture
@made_once
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
    kept = str([*AuditEntry.objects.values(), *OperationStep.objects.values(), *Operation.objects.values()])
    assert "Lovelace" not in kept
    assert student.photo_sha256 not in kept


@pytest.mark.s3
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


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(1800)
def test_killed_before_every_step_and_run_again(api: Any, each_storage: str) -> None:
    erasing = Killing(every=one_of(each_storage), apart=60)
    killed = True
    while killed:
        ada = with_everything(api)
        killed = erasing.life("erase_student", str(ada.pk), "--confirm")
        nothing_is_left_of(ada)
    assert erasing.was_killed_often(16)


@pytest.mark.parametrize("who", ["uuid", "number", "number in a backup"])
def test_somebody_who_was_deleted_can_still_be_erased(api: Any, each_storage: str, who: str) -> None:
    ada = with_everything(api)
    bea = enrol(api, "Bea", student_number="S-2", photo=face(9))
    if who == "number in a backup":
        backup = backed_up(settings.PHOTO_BACKUP_DIR)
    assert api.delete(f"/api/students/{ada.pk}/").status_code == 204
    finish_all_commits()
    assert QuarantinedFile.objects.exists()
    if who == "number in a backup":
        assert run("purge_quarantine", "--older-than", "0s")[0] == 0
    name = ada.student_id if who == "uuid" else "number:S-1"
    assert erase(name)[0] == 2, "it asks first"
    code, out, err = erase(name, "--confirm")
    assert code == 0, err
    if who == "number in a backup":
        assert f"Remains in {backup.name}" in out
    nothing_is_left_of(ada)
    assert Tombstone.objects.filter(student_id=ada.student_id, sha256="").exists()
    assert run("restore_student_photos", "--bring-back", "number:S-1")[0] != 0
    nothing_is_left_of(ada)
    assert Student.objects.get().pk == bea["id"]
    assert bea["profile_photo"] in stored()


def test_nobody_by_that_name_was_here(api: Any, ada: Student) -> None:
    before = everything()
    for name in ("number:none", "00000000-0000-4000-8000-000000000000", "999"):
        assert erase(name, "--confirm")[0] == 2, name
    assert everything() == before


def log(about: Any, user: Any) -> None:
    """As the admin does after every edit."""
    LogEntry.objects.log_actions(user.pk, [about], CHANGE, "Changed.", single_object=True)


def test_the_admins_own_log_forgets_the_name(api: Any, alice: Any, ada: Student) -> None:
    bea = Student.objects.get(pk=enrol(api, "Bea", photo=face(9))["id"])
    former = FormerStudentNumber.objects.create(student=ada, student_number="S-0")
    for theirs in (ada, ada.photos.of_profile().first(), AttendancePhoto.objects.get(student=ada), former):
        log(theirs, alice)
    for of_others in (bea, bea.photos.of_profile().get(), alice):
        log(of_others, alice)
    kept = set(LogEntry.objects.order_by("-pk")[:3].values_list("pk", "object_repr"))
    assert erase(ada.pk, "--confirm")[0] == 0
    assert set(LogEntry.objects.values_list("pk", "object_repr")) == kept


@pytest.mark.parametrize("came_back", [False, True])
def test_the_admins_log_forgets_who_was_deleted(api: Any, alice: Any, ada: Student, came_back: bool) -> None:
    log(ada, alice)
    api.delete(f"/api/students/{ada.pk}/")
    finish_all_commits()
    if came_back:
        log(Student.objects.create(pk=ada.pk, name="Bea"), alice)
    assert erase(ada.student_id, "--confirm")[0] == 0
    names = list(LogEntry.objects.values_list("object_repr", flat=True))
    assert names == (["Bea"] if came_back else [])


def loose_files(ada: Student) -> dict[str, bytes]:
    """The file as it was handed in, the same picture as a PNG, and a copy of what we store."""
    version = storage_for().read(
        str(ada.photos.of_profile().get(replaced_at=None).file.name), max_bytes=10**8
    )
    return {
        "student_photos/Ada Lovelace.jpg": face(2),
        "student_photos/scan.png": saved(opened(face(2)), "PNG"),
        "photos/students/copy.jpg": version,
    }


def put(key: str, data: bytes) -> None:
    storage_for().put(key, data, content_type="image/jpeg")


@pytest.mark.parametrize("set_aside", [False, True])
def test_originals_under_other_names_are_found(api: Any, ada: Student, set_aside: bool) -> None:
    for key, data in loose_files(ada).items():
        put(key, data)
    put("student_photos/somebody else.jpg", face(8))
    if set_aside:
        with run_operation("cleanup_orphaned_photos", OPERATOR) as runner:
            for key, data in loose_files(ada).items():
                details = {"storage_alias": "default", "key": key, "byte_size": len(data)}
                details["sha256"] = hashlib.sha256(data).hexdigest()
                runner.step("set_aside", subject=key, details=details)
        assert QuarantinedFile.objects.filter(key="student_photos/Ada Lovelace.jpg").exists()
    assert erase(ada.pk, "--confirm")[0] == 0
    nothing_is_left_of(ada)
    assert not [key for key in stored() if key.endswith(("Lovelace.jpg", "scan.png", "copy.jpg"))]
    assert not QuarantinedFile.objects.exists()
    assert stored()["student_photos/somebody else.jpg"] == face(8)


def test_a_twins_files_stay(api: Any, ada: Student) -> None:
    """The same picture is on record for somebody who is here: a file without an identity may be theirs."""
    bea = enrol(api, "Bea", photo=face(2))
    put("student_photos/twins.jpg", face(2))
    theirs = {key: data for key, data in stored().items() if bea["student_id"] in key}
    assert erase(ada.pk, "--confirm")[0] == 0
    assert theirs.items() <= stored().items()
    assert stored()["student_photos/twins.jpg"] == face(2)


def test_an_integer_that_came_back_is_another_childs(api: Any, ada: Student) -> None:
    api.delete(f"/api/students/{ada.pk}/")
    finish_all_commits()
    bea = Student.objects.create(pk=ada.pk, name="Bea")
    hand_in(api, bea.pk, face(9))
    gone = ("quarantine/", f"photos/students/{ada.student_id}/")
    before = {key: data for key, data in stored().items() if not key.startswith(gone)}
    assert erase(ada.student_id, "--confirm")[0] == 0
    assert stored() == before
    assert Student.objects.get().pk == bea.pk


@pytest.mark.exhaustive
@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(1800)
def test_an_erasure_of_somebody_deleted_killed_before_every_step(api: Any, each_storage: str) -> None:
    erasing = Killing(every=one_of(each_storage), apart=60)
    killed = True
    while killed:
        ada = with_everything(api)
        put("student_photos/Ada Lovelace.jpg", face(2))
        backed_up_once(ada)
        api.delete(f"/api/students/{ada.pk}/")
        killed = erasing.life("erase_student", str(ada.student_id), "--confirm")
        nothing_is_left_of(ada)
        assert "student_photos/Ada Lovelace.jpg" not in stored()
    assert erasing.was_killed_often(16)


def backed_up_once(_ada: Student) -> None:
    """One backup at a time: those of a minute have one name."""
    for path in settings.PHOTO_BACKUP_DIR.glob("seed_backup_*.json"):
        path.unlink()
    backed_up(settings.PHOTO_BACKUP_DIR)
