"""Who was erased stays away from backups that knew them under another id, with and without a number."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings

from photostore.storage import storage_for
from photostore.tests.inventory_files import run
from students.models import Student, StudentPhoto
from students.tests.commands import backed_up
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
)
from students.tests.school import enrol, face, stored
from students.tombstones import Tombstone, erased_students

TWO = ("Ada Lovelace", "Grace Hopper")


def put_back(files: dict[tuple[str, str], bytes]) -> None:
    for (alias, key), data in files.items():
        storage_for(alias).put(key, data, content_type="image/jpeg")


def photos_of(*ids: Any) -> dict[tuple[str, str], bytes]:
    return {file_ref: data for file_ref, data in files_of(*ids).items() if file_ref[1].startswith("photos/")}


@pytest.mark.parametrize("numbers", [True, False])
def test_the_id_from_before_is_found_in_a_backup(api: Any, each_storage: str, numbers: bool) -> None:
    """The files of before are away on the day of the erasure, and come back with somebody's old disk."""
    old_school(api, TWO, numbers=numbers)
    old, graces = old_id_of(TWO[0]), old_id_of(TWO[1])
    backup = backed_up(settings.PHOTO_BACKUP_DIR)
    ada = reseed(TWO, numbers=numbers)[0]
    assert migrate(*(() if numbers else ("--accept-names",)))[0] == 0
    disk = photos_of(old)
    for alias in ("default", "safe"):
        for key in stored(alias):
            if str(old) in key or key.startswith("quarantine/"):
                storage_for(alias).remove(key)
    # Not the newest any more: today's knows today's ids alone.
    backup = backup.rename(backup.with_name("seed_backup_20200101_0000.json"))
    backed_up(settings.PHOTO_BACKUP_DIR)
    assert f"Remains in {backup.name}" in erase(ada)
    assert erased_students([old, graces]) == {old}
    put_back(disk)
    newest = max(settings.PHOTO_BACKUP_DIR.glob("*.json"))
    newest.unlink()
    nothing_comes_back_to(enter_again(number="S-0" if numbers else None), "--accept-names")
    assert all(one["name"] != TWO[0] for one in run("migrate_orphaned_photos", "--list")[1]["orphans"])
    code, said = run("restore_student_photos", "--backup-file", str(backup), "--create-students")
    assert code == 0, said
    assert not Student.objects.filter(student_id=old).exists()


def test_a_backup_that_nobody_could_look_into_brings_nobody_back(
    api: Any, each_storage: str, tmp_path: Any
) -> None:
    """It lay elsewhere on the day of the erasure; the picture tells."""
    old_school(api, TWO, numbers=False)
    old = old_id_of(TWO[0])
    backup = backed_up(settings.PHOTO_BACKUP_DIR)
    ada = reseed(TWO, numbers=False)[0]
    assert migrate("--accept-names")[0] == 0
    disk = photos_of(old)
    backup = backup.rename(tmp_path / backup.name)
    erase(ada)
    put_back(disk)
    back = backup.rename(settings.PHOTO_BACKUP_DIR / backup.name)
    assert not erased_students([old])
    nothing_comes_back_to(enter_again(number=None), "--accept-names")
    code, said = run("restore_student_photos", "--backup-file", str(back), "--create-students")
    assert code == 0, said
    assert f"Not made again: student {old}" in str(said["left_for_a_person"])
    assert not Student.objects.filter(student_id=old).exists()


def test_a_twin_in_a_backup_is_neither_erased_nor_kept_away(api: Any, each_storage: str) -> None:
    """The same picture, no numbers: Grace is in the same backup, so hers is hers."""
    for name in TWO:
        enrol(api, name, photo=face(1))
    old, graces = map(old_id_of, TWO)
    backed_up(settings.PHOTO_BACKUP_DIR)
    ada = reseed(TWO, numbers=False)[0]
    assert migrate("--accept-names")[0] == 0
    theirs = photos_of(graces)
    erase(ada)
    assert erased_students([old, graces]) == {old}
    assert photos_of(graces) == theirs
    grace = Student.objects.get(name=TWO[1])
    assert StudentPhoto.objects.of_profile().filter(student=grace).count() == 1


def test_a_backup_written_after_the_erasure_may_have_a_twin(api: Any, each_storage: str) -> None:
    ada = enrol(api, TWO[0], photo=face(1))
    grace = enrol(api, TWO[1], photo=face(1))
    erase(Student.objects.get(pk=ada["id"]))
    backed_up(settings.PHOTO_BACKUP_DIR)
    forget_everything()
    code, said = run("restore_student_photos", "--create-students")
    assert (code, said["left_for_a_person"]) == (0, [])
    again = Student.objects.get(student_id=grace["student_id"])
    assert again.photo_sha256
    forget_everything()
    other = Student.objects.create(name=TWO[1])
    assert migrate("--accept-names")[0] == 0
    assert StudentPhoto.objects.of_profile().get().student == other


def test_a_number_that_was_anothers_years_ago_erases_nobody(api: Any, each_storage: str) -> None:
    zed = enrol(api, "Zed", student_number="S-1", photo=face(5))
    old = backed_up(settings.PHOTO_BACKUP_DIR)
    old.rename(old.with_name("seed_backup_20200101_0000.json"))
    forget_everything()
    for alias in ("default", "safe"):
        for key in stored(alias):
            storage_for(alias).remove(key)
    ada = enrol(api, "Ada", student_number="S-1", photo=face(1))
    backed_up(settings.PHOTO_BACKUP_DIR)
    erase(Student.objects.get(pk=ada["id"]))
    assert not Tombstone.objects.filter(student_id=zed["student_id"]).exists()
