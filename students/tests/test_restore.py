"""`restore_student_photos`: whatever was lost comes back, nothing else does, and all of it can be undone."""

from __future__ import annotations

import datetime
import hashlib
import re
import shutil
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.storage import storages
from django.db import connection

from photostore.models import AuditEntry, Operation, StoredFile
from photostore.storage import storage_for
from students.models import AttendancePhoto, Student, StudentPhoto
from students.photos import upload_photo
from students.slots import slot_of
from students.tests.backup_files import HOSTILE, old, old_student
from students.tests.commands import OPERATOR, backed_up, run
from students.tests.legacy_school import sql
from students.tests.losing import (
    contents,
    forgotten_register,
    links,
    lose,
    lose_the_database,
    restore,
    undo,
)
from students.tests.school import enrol, everything, face, hand_in, stored
from students.tombstones import add_tombstones
from students.versions import take_in
from testing.once import made_once

NAMES = ("Ada Lovelace", "Grace Hopper", "Mary Jackson")


@pytest.fixture
@made_once
def school(api: Any, each_storage: str) -> list[Student]:
    """Three students: two versions each, one attendance photo."""
    for number, name in enumerate(NAMES, 1):
        made = enrol(api, name, student_number=f"S-{number}", photo=face(number))
        hand_in(api, made["id"], face(number + 10))
        upload_photo(
            student=Student.objects.get(pk=made["id"]),
            slot=slot_of(datetime.date(2026, 11, 20), "AM"),
            incoming=take_in(face(number + 20), filename="a.jpg", origin="api"),
            actor=OPERATOR,
        )
    return list(Student.objects.order_by("pk"))


@pytest.fixture
def backup(school: list[Student]) -> Path:
    return backed_up(settings.PHOTO_BACKUP_DIR)


def test_a_whole_school_is_left_as_it_is(school: list[Student], backup: Path) -> None:
    before = everything()
    code, out, _err = restore("--checksum")
    assert code == 0
    assert out.count("OK: ") == 3
    assert "Photos verified: 9\nPhotos missing: 0\nRecords updated: 0\nHealed: 0" in out
    assert everything() == before
    assert not Operation.objects.exists()


def lost_copies(_students: list[Student]) -> None:
    lose("default", "student_photos/")


def lost_safe_copies(students: list[Student]) -> None:
    for student in students:
        storage_for("safe").remove(f"photos/students/{student.student_id}/profile.jpg")


def lost_todays_versions(students: list[Student]) -> None:
    for student in students:
        lose("default", f"photos/students/{student.student_id}/history/{student.photo_sha256}")


def lost_attendance_copies(students: list[Student]) -> None:
    lose("default", *(f"photos/students/{student.student_id}/attendance" for student in students))


def flipped(students: list[Student]) -> None:
    key = str(students[1].photos.of_profile().get(replaced_at=None).file.name)
    data = bytearray(storage_for().read(key, max_bytes=10**8))
    data[len(data) // 2] ^= 1
    storage_for().put(key, bytes(data), content_type="image/jpeg")


def renamed(students: list[Student]) -> None:
    for number, file in enumerate(list(storage_for().scan("photos/students/"))):
        if "/history/" in file.key:
            storage_for().move(file.key, f"found/{number}.bin")
    lost_copies(students)
    lost_safe_copies(students)
    lost_attendance_copies(students)


def lost_thumbnails(_students: list[Student]) -> None:
    lose("default", "derived/")


LOSSES = [
    *(lost_copies, lost_safe_copies, lost_todays_versions, lost_attendance_copies, flipped, renamed),
    lost_thumbnails,
]


@pytest.mark.parametrize("loss", LOSSES)
def test_lost_bytes_come_back_without_a_backup_and_go_again_with_undo(
    school: list[Student], loss: Any
) -> None:
    whole, rows = contents(thumbnails=True), links()
    loss(school)
    wrecked = contents(thumbnails=True)
    assert wrecked != whole
    code, out, _err = restore("--checksum")
    assert (code, "Photos missing: 0" in out) == (0, True)
    found = contents(thumbnails=True)
    assert {file_ref: found[file_ref] for file_ref in whole} == whole
    assert links() == rows
    assert restore("--checksum", "--verify-only")[0] == 0
    assert undo()[0] == 0
    assert contents(thumbnails=True) == wrecked
    assert links() == rows


@pytest.mark.s3
def test_damaged_bytes_are_set_aside(school: list[Student]) -> None:
    flipped(school)
    restore("--checksum")
    assert len(stored("default", "quarantine/")) == 1


def test_verify_only_tells_and_changes_nothing(school: list[Student], backup: Path) -> None:
    lost_todays_versions(school)
    before = everything()
    code, out, _err = restore("--verify-only")
    assert code == 1
    assert out.count("To restore: ") == 3
    assert everything() == before


def test_what_nobody_has_is_missing(school: list[Student], backup: Path) -> None:
    ada = school[0]
    lost_todays_versions([ada])
    lost_copies([ada])
    lose("default", f"photos/students/{ada.student_id}/profile.jpg")
    lose("safe", f"photos/students/{ada.student_id}/profile.jpg")
    code, out, _err = restore()
    assert code == 0
    assert f"Missing photo file: Ada Lovelace (ID {ada.pk})" in out
    assert "Photos missing: 1" in out


def unlinked_students(_students: list[Student]) -> None:
    Student.objects.update(profile_photo="", photo_sha256="")


def truncated_links(_students: list[Student]) -> None:
    Student.objects.update(profile_photo="", photo_sha256="", photo_updated_at=None)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("TRUNCATE students_studentphoto, photostore_storedfile CASCADE")


def test_what_only_the_register_forgot_comes_back_without_a_backup(school: list[Student]) -> None:
    """The attendance photos too: their rows are here, and an undo leaves them."""
    files, rows, pks = contents(), links(), list(AttendancePhoto.objects.values_list("pk"))
    forgotten_register(school)
    wrecked = links()
    code, out, err = restore("--verify-only")
    assert (code, out.count("2 to link")) == (1, 3), out + err
    code, _out, err = restore()
    assert code == 0, err
    assert links() == rows
    assert contents() == files
    assert list(AttendancePhoto.objects.values_list("pk")) == pks
    assert restore("--verify-only", "--checksum")[0] == 0
    assert run("verify_media", "--checksum")[0] == 0
    assert undo()[0] == 0
    assert links() == wrecked
    assert contents() == files
    assert restore()[0] == 0
    assert links() == rows


def test_a_lost_attendance_photo_that_the_register_forgot_is_missing(school: list[Student]) -> None:
    photo = AttendancePhoto.objects.all()[0]
    forgotten_register(school)
    folder = f"photos/students/{photo.student.student_id}"
    lose("default", f"{folder}/attendance/{photo.slot}", f"{folder}/history/{photo.sha256}")
    code, out, _err = restore()
    assert (code, f"Missing photo file: {photo.student.name}" in out) == (0, True), out


@pytest.mark.parametrize("loss", [unlinked_students, truncated_links, forgotten_register])
def test_lost_links_come_back(school: list[Student], backup: Path, loss: Any) -> None:
    files, rows = contents(), links()
    loss(school)
    wrecked = links()
    code, _out, err = restore()
    assert code == 0, err
    assert links() == rows
    assert contents() == files
    assert restore("--verify-only", "--checksum")[0] == 0
    assert undo()[0] == 0
    assert links() == wrecked
    assert contents() == files


def test_thumbnails_made_again_are_the_ones_that_the_register_knows(
    school: list[Student], backup: Path
) -> None:
    StudentPhoto.objects.all().delete()
    Student.objects.update(profile_photo="", photo_sha256="")
    assert restore()[0] == 0
    assert StudentPhoto.objects.of_profile().filter(student=school[0]).count() > 1
    assert damaged_thumbnails() == []


def test_a_damaged_thumbnail_of_the_same_size_is_made_again(school: list[Student]) -> None:
    row = StoredFile.objects.filter(kind=StoredFile.Kind.DERIVATIVE).order_by("pk")[0]
    storage_for().put(row.key, bytes(row.byte_size), content_type=row.content_type)
    assert damaged_thumbnails() == [row.key]
    assert restore("--checksum")[0] == 0
    assert damaged_thumbnails() == []


def damaged_thumbnails() -> list[str]:
    rows = StoredFile.objects.filter(kind=StoredFile.Kind.DERIVATIVE).order_by("pk")
    found = ((row, storage_for().read(row.key, max_bytes=10**8)) for row in rows)
    return [row.key for row, data in found if hashlib.sha256(data).hexdigest() != row.sha256]


@pytest.mark.s3
def test_the_database_is_gone_and_the_backup_brings_all_back(school: list[Student], backup: Path) -> None:
    files, rows = contents(), links()
    lose_the_database()
    code, out, err = restore("--create-students")
    assert code == 0, err
    assert links() == rows
    assert contents() == files
    assert "Records updated: 9" in out
    assert Student.objects.create(name="New").pk > max(student.pk for student in school)
    Student.objects.filter(name="New").delete()
    assert undo()[0] == 0
    assert not Student.objects.exists()
    assert contents() == files


def test_without_create_students_nobody_is_made(school: list[Student], backup: Path) -> None:
    lose_the_database()
    code, out, _err = restore()
    assert (code, Student.objects.count()) == (0, 0)
    assert out.count("Not in the database: Ada Lovelace") == 2


def test_the_database_and_every_name_are_gone(school: list[Student], backup: Path) -> None:
    rows = links()
    renamed(school)
    lose_the_database()
    assert restore("--create-students")[0] == 0
    assert links() == rows
    assert restore("--verify-only", "--checksum")[0] == 0


def test_a_removed_photo_is_not_brought_back(api: Any, school: list[Student], backup: Path) -> None:
    api.delete(f"/api/students/{school[0].pk}/photo/")
    api.delete(f"/api/students/{school[1].pk}/")
    before = links()
    _code, out, _err = restore("--create-students")
    assert links() == before
    assert "Deleted after the backup was written" in out
    truncated_links(school)
    Student.objects.update(photo_updated_at=None)
    assert "removed since" in restore("--create-students")[1]
    assert Student.objects.get(pk=school[0].pk).photo_sha256 == ""
    assert Student.objects.get(pk=school[2].pk).photo_sha256 == school[2].photo_sha256


def test_a_newer_photo_beats_the_backup(api: Any, school: list[Student], backup: Path) -> None:
    hand_in(api, school[0].pk, face(50))
    before = everything()
    assert restore("--checksum")[0] == 0
    assert everything() == before


def test_another_schools_backup_is_recognised(api: Any, school: list[Student], tmp_path: Path) -> None:
    before = everything()
    theirs = tmp_path / "seed_backup_20260101_0000.json"
    theirs.write_bytes(old(old_student(), old_student(name="Bea")))
    code, _out, err = restore("--backup-file", str(theirs), "--create-students")
    assert code == 2
    assert "may be another school's backup" in err
    assert everything() == before


def test_a_file_that_is_no_backup_changes_nothing(school: list[Student], tmp_path: Path) -> None:
    lost_copies(school)
    before = everything()
    settings.PHOTO_BACKUP_DIR.mkdir(exist_ok=True)
    bad = tmp_path / "seed_backup_20260101_0000.json"
    for what, content in HOSTILE.items():
        bad.write_bytes(content)
        code, _out, err = restore("--backup-file", str(bad), "--create-students")
        assert (code, err.strip().count("\n")) == (2, 0), what
        shutil.copy(bad, settings.PHOTO_BACKUP_DIR)
        assert restore("--create-students")[0] == 2, what
    assert everything() == before


def test_the_rows_beat_broken_backups(school: list[Student], tmp_path: Path) -> None:
    """What was lost comes back from the database's own rows; which backups were passed over is told."""
    whole, rows = contents(), links()
    settings.PHOTO_BACKUP_DIR.mkdir(exist_ok=True)
    for number, content in enumerate((b"", b'{"students": [', old(old_student(), old_student(name="Bea")))):
        (settings.PHOTO_BACKUP_DIR / f"seed_backup_2026010{number}_0000.json").write_bytes(content)
    lost_copies(school)
    lost_todays_versions(school)
    Student.objects.filter(pk=school[0].pk).update(profile_photo="", photo_sha256="")
    code, out, err = restore()
    assert code == 0, err
    for number, why in enumerate(("it is empty", "it is not JSON, or is cut off", "another school's")):
        (line,) = [line for line in out.splitlines() if f"seed_backup_2026010{number}" in line]
        assert line.startswith("Passed over ") and why in line
    assert "No backup file found! What the database itself knows is checked." in out
    assert contents() == whole
    assert links() == rows


def test_no_backup(db: None, tmp_path: Path) -> None:
    for arguments in ((), ("--backup-file", str(tmp_path / "none.json"))):
        code, _out, err = restore(*arguments)
        assert code == 2
        assert "No backup file found!" in err


def test_an_unmounted_disk_is_not_an_empty_school(api: Any, tmp_path: Path) -> None:
    made = enrol(api, photo=face(1))
    root = Path(settings.MEDIA_ROOT)
    root.rename(tmp_path / "unplugged")
    root.mkdir()
    storages._storages.clear()
    for arguments in ((), ("--verify-only",)):
        assert restore(*arguments)[0] == 2
    assert list(root.iterdir()) == []
    root.rmdir()
    (tmp_path / "unplugged").rename(root)
    storages._storages.clear()
    assert restore()[0] == 0
    assert Student.objects.get(pk=made["id"]).photo_sha256


def test_a_new_empty_disk_is_taken_into_use_when_somebody_says_so(api: Any, tmp_path: Path) -> None:
    """A mount point cannot be removed, so the way on must not ask for that."""
    ada = Student.objects.get(pk=enrol(api, photo=face(1))["id"])
    whole = contents()
    root = Path(settings.MEDIA_ROOT)
    shutil.rmtree(root)
    root.mkdir()
    (root / "lost+found").mkdir()
    storages._storages.clear()
    for command in ("restore_student_photos", "verify_media", "adopt_media", "cleanup_orphaned_photos"):
        code, _out, err = run(command)
        assert code == 2, command
        assert "If it is a new one, run restore_student_photos --new-storage" in err, command
    assert [path.name for path in root.iterdir()] == ["lost+found"]
    code, out, _err = restore("--new-storage")
    assert code == 0
    assert f"Restored: {ada.name} (ID {ada.pk})" in out
    assert contents() == whole
    assert run("verify_media", "--checksum")[0] == 0
    assert restore("--new-storage", "--verify-only")[0] == 2


def test_the_live_folder_is_gone(api: Any, tmp_path: Path) -> None:
    ada = Student.objects.get(pk=enrol(api, photo=face(1))["id"])
    whole = contents()
    shutil.rmtree(settings.MEDIA_ROOT)
    storages._storages.clear()
    code, out, _err = restore()
    assert code == 0
    assert contents() == whole
    assert "Directories created: 2" in out, "the root, and the student's folder"
    assert f"Restored: {ada.name} (ID {ada.pk})" in out


def test_a_folder_that_may_not_be_made(api: Any, monkeypatch: Any) -> None:
    import os

    enrol(api, photo=face(1))
    shutil.rmtree(settings.MEDIA_ROOT)
    storages._storages.clear()

    def refuses(*_arguments: Any, **_options: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "mkdir", refuses)
    code, _out, err = restore()
    assert (code, err.strip()) == (2, "Failed to create directory: Permission denied")


def test_names_are_proposals_only(api: Any, db: None) -> None:
    ada = enrol(api)
    storage_for().put(f"student_photos/student_{ada['id']}_profile.jpg", face(1), content_type="image/jpeg")
    before = everything()
    code, out, _err = restore("--from-filenames")
    assert code == 0
    assert f"Perhaps: student_photos/student_{ada['id']}_profile.jpg is of Ada Lovelace" in out
    assert everything() == before
    assert not AuditEntry.objects.filter(action="photo.relink").exists()


def test_no_name_stands_against_the_bytes(api: Any, db: None) -> None:
    """A file named by Ada's id: one of Grace's, with her identity inside, and one that was erased."""
    ada, bob = enrol(api), enrol(api, "Bob")
    grace = Student.objects.get(pk=enrol(api, "Grace Hopper", photo=face(2))["id"])
    hers = storage_for().read(str(grace.profile_photo), max_bytes=10**7)
    storage_for().put(f"student_photos/student_{ada['id']}_profile.jpg", hers, content_type="image/jpeg")
    add_tombstones(uuid.uuid4(), [hashlib.sha256(face(3)).hexdigest()])
    storage_for().put(f"student_photos/student_{bob['id']}_profile.jpg", face(3), content_type="image/jpeg")
    code, out, _err = restore("--from-filenames")
    assert (code, out.splitlines()[0].split(".")[0]) == (0, "0 proposals")


def test_each_student_is_named_with_their_place_and_id_and_has_a_folder(api: Any) -> None:
    """S1's lines: the start, [1/2] NAME (uuid); and its folders, also for students without a photo."""
    ada = enrol(api, "Ada", photo=face(1))
    new = str(sql("INSERT INTO students_student (name) VALUES ('New') RETURNING student_id")[0][0])
    assert run("restore_student_photos", "--verify-only")[0] == 0
    folder = Path(settings.MEDIA_ROOT) / "photos/students" / new
    assert not folder.exists()
    code, out, _err = run("restore_student_photos")
    assert code == 0
    lines = out.splitlines()
    assert re.match(r"Started at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", lines[1])
    assert f"[1/2] Ada ({ada['student_id']})" in lines
    assert f"[2/2] New ({new})" in lines
    assert "Attendance photos among those verified: 0" in lines
    assert "Directories created: 1" in lines
    assert folder.is_dir()
    code, out, _err = run("restore_student_photos", "--only-problems")
    assert "[1/2]" not in out
    assert "Directories created: 0" in out
