"""`erase_student` after a reseed: photos that name the id from before are the erased student's as well."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings

from photostore.models import OperationStep, QuarantinedFile
from photostore.register.after_commit import finish_all_commits
from photostore.storage import storage_for
from photostore.tests.inventory_files import run as run_json
from students.models import Student, StudentPhoto
from students.tests.commands import backed_up, run
from students.tests.reseeding import (
    enter_again,
    erase,
    files_of,
    forget_everything,
    migrate,
    nothing_comes_back_to,
    old_id_of,
    old_school,
    reseed,
    right_and_wrong,
)
from students.tests.school import enrol, face, hand_in
from students.tombstones import Tombstone
from testing.kills.commands import Killing, one_of

TWO = ("Ada Lovelace", "Grace Hopper")


def today_of(name: str) -> bytes:
    key = str(Student.objects.get(name=name).profile_photo)
    return storage_for().read(key, max_bytes=10**8)


@pytest.mark.parametrize("migrated", [True, False])
def test_the_photos_from_before_go_too(api: Any, each_storage: str, migrated: bool) -> None:
    faces = old_school(api, TWO)
    old, graces_old = map(old_id_of, TWO)
    students = reseed(TWO)
    if migrated:
        assert migrate()[0] == 0
        assert QuarantinedFile.objects.filter(key__contains=str(old), owner_label="").exists()
    ada, grace = students[0], students[1]
    theirs = files_of(graces_old, grace.student_id)
    erase(ada)
    assert not files_of(old, ada.student_id)
    assert not QuarantinedFile.objects.filter(key__contains=str(old)).exists()
    assert not OperationStep.objects.filter(details__key__contains=str(old)).exists()
    assert files_of(graces_old, grace.student_id) == theirs
    nothing_comes_back_to(enter_again())
    assert right_and_wrong({1: grace}, faces) == (1, 0)


def test_a_copy_of_the_old_disk_brings_nothing_back(api: Any, each_storage: str) -> None:
    old_school(api, TWO)
    old = old_id_of(TWO[0])
    disk = {
        file_ref: data for file_ref, data in files_of(old).items() if not file_ref[1].startswith("derived/")
    }
    disk[("default", "student_photos/found.jpg")] = today_of(TWO[0])
    students = reseed(TWO)
    assert migrate()[0] == 0
    erase(students[0])
    for (alias, key), data in disk.items():
        storage_for(alias).put(key, data, content_type="image/jpeg")
    nothing_comes_back_to(enter_again())


def test_no_backup_from_before_brings_them_back(api: Any, each_storage: str) -> None:
    old_school(api, TWO)
    backup, old = backed_up(settings.PHOTO_BACKUP_DIR), old_id_of(TWO[0])
    students = reseed(TWO)
    assert migrate()[0] == 0
    assert f"Remains in {backup.name}" in erase(students[0])
    assert f"Remains in {backup.name}" in erase(students[0]), "also when it is asked again"
    code, _out, err = run("restore_student_photos", "--backup-file", backup, "--create-students")
    assert code == 0, err
    assert not Student.objects.filter(student_id=old).exists()
    assert not files_of(old)


def test_a_former_number_and_an_older_key_tell_too(api: Any, settings: Any, each_storage: str) -> None:
    settings.PHOTO_IDENTITY_KEYS = ["first"]
    old_school(api, TWO)
    old = old_id_of(TWO[0])
    ada = reseed(TWO)[0]
    settings.PHOTO_IDENTITY_KEYS = ["second", "first"]
    assert api.patch(f"/api/students/{ada.pk}/", {"student_number": "T-7"}).status_code == 200
    erase(ada)
    assert not files_of(old)


def test_without_numbers_the_bytes_tell(api: Any, each_storage: str) -> None:
    old_school(api, TWO, numbers=False)
    backup, old = backed_up(settings.PHOTO_BACKUP_DIR), old_id_of(TWO[0])
    todays = today_of(TWO[0])
    ada = reseed(TWO, numbers=False)[0]
    assert migrate("--accept-names")[0] == 0
    assert StudentPhoto.objects.of_profile().filter(student=ada).count() == 2
    erase(ada)
    assert not files_of(old)
    backup.unlink()
    storage_for().put("student_photos/found.jpg", todays, content_type="image/jpeg")
    (said,) = run_json("match_profile_photos", "suggest")[1]["suggestions"]
    assert said["notes"] == ["erased on request; stays away"]
    assert run_json("match_profile_photos", "assign", str(enter_again(number=None).pk), "found.jpg")[0] == 2


@pytest.mark.parametrize("migrated", [True, False])
def test_a_twin_from_before_the_reseed_keeps_theirs(api: Any, each_storage: str, migrated: bool) -> None:
    """The same picture, and another number: what names the twin's old id is the twin's."""
    for place, name in enumerate(TWO):
        enrol(api, name, student_number=f"S-{place}", photo=face(1))
    faces = {1: StudentPhoto.objects.of_profile().get(student__name=TWO[1]).untagged_sha256}
    graces_old = old_id_of(TWO[1])
    students = reseed(TWO)
    if migrated:
        assert migrate()[0] == 0
    theirs = files_of(graces_old, students[1].student_id)
    assert theirs
    erase(students[0])
    assert files_of(graces_old, students[1].student_id) == theirs
    assert migrate()[0] == 0
    assert right_and_wrong({1: students[1]}, faces) == (1, 0)


def test_a_twin_who_was_deleted_can_still_be_brought_back(api: Any, each_storage: str) -> None:
    ada, grace = (enrol(api, name, student_number=name, photo=face(1)) for name in TWO)
    assert api.delete(f"/api/students/{grace['id']}/").status_code == 204
    finish_all_commits()
    aside = {
        file_ref: data
        for file_ref, data in files_of(grace["student_id"]).items()
        if "/history/" in file_ref[1]
    }
    assert aside
    erase(Student.objects.get(pk=ada["id"]))
    assert aside.items() <= files_of(grace["student_id"]).items()


def test_a_number_that_somebody_else_has_by_now_proves_nothing(api: Any, each_storage: str) -> None:
    """Ada had it once, Bea has it: what names neither of them by id is nobody's for certain."""
    cleo = enrol(api, "Cleo", student_number="S-1", photo=face(5))
    forget_everything()
    ada = enrol(api, "Ada", student_number="S-1", photo=face(1))
    assert api.patch(f"/api/students/{ada['id']}/", {"student_number": "S-2"}).status_code == 200
    enrol(api, "Bea", student_number="S-1", photo=face(2))
    theirs = files_of(cleo["student_id"])
    erase(Student.objects.get(pk=ada["id"]))
    assert files_of(cleo["student_id"]) == theirs
    assert not Tombstone.objects.filter(student_id=cleo["student_id"]).exists()


def test_a_new_student_with_that_number_is_migrated_after_the_next_reseed(
    api: Any, each_storage: str
) -> None:
    old_school(api, TWO)
    erase(reseed(TWO)[0])
    again = enter_again()
    hand_in(api, again.pk, face(7))
    faces = {0: StudentPhoto.objects.of_profile().get(student=again).untagged_sha256}
    forget_everything()
    assert right_and_wrong({0: after_migration()}, faces) == (1, 0)


def after_migration() -> Student:
    student = enter_again()
    assert migrate()[0] == 0
    return student


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(1800)
def test_killed_before_every_step_and_run_again(api: Any, each_storage: str) -> None:
    erasing = Killing(every=one_of(each_storage), apart=60)
    killed = True
    while killed:
        forget_everything()
        old_school(api, TWO[:1])
        old = old_id_of(TWO[0])
        ada = reseed(TWO[:1])[0]
        assert migrate()[0] == 0
        killed = erasing.life("erase_student", str(ada.student_id), "--confirm")
        assert not files_of(old, ada.student_id), erasing.killed
    assert erasing.was_killed_often(16)
