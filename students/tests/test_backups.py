"""`create_seed_backup`, and reading what it wrote, or what somebody claims that it wrote."""

from __future__ import annotations

import datetime
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from students.models import Student
from students.photos import upload_photo
from students.recovery.backups import InvalidBackup, layout, newest_valid, open_backup
from students.slots import slot_of
from students.tests.backup_files import HOSTILE, forged, manifest_for, old, old_student
from students.tests.commands import OPERATOR, backed_up, run
from students.tests.school import enrol, face, hand_in
from students.versions import take_in
from testing.kills.commands import Killing
from testing.once import made_once


@pytest.fixture
@made_once
def ada(api: Any) -> Student:
    """Two versions, a former number, one attendance photo."""
    made = enrol(api, student_number="S-1", photo=face(1), class_name="3b")
    hand_in(api, made["id"], face(2))
    api.patch(f"/api/students/{made['id']}/", {"student_number": "S-2"}, format="json")
    student = Student.objects.get(pk=made["id"])
    upload_photo(
        student=student,
        slot=slot_of(datetime.date(2026, 11, 20), "AM"),
        incoming=take_in(face(3), filename="a.jpg", origin="api"),
        actor=OPERATOR,
    )
    return student


@pytest.mark.django_db(transaction=True)
def test_everything_that_is_known_is_in_it_and_comes_out_again(ada: Student, tmp_path: Path) -> None:
    path = backed_up(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    backup = open_backup(path)
    (student,) = backup.students()
    assert backup.sealed
    for name in ("id", "student_id", "student_number", "name", "class_name", "status", "photo_updated_at"):
        assert getattr(student, name) == getattr(ada, "pk" if name == "id" else name), name
    assert student.former_numbers == ("S-1",)
    rows = {photo.sha256: photo for photo in ada.photos.of_profile()}
    assert len(student.photos) == len(rows) == 3
    for photo in student.photos:
        row = rows[photo.sha256]
        assert photo.key == row.file.name
        for name in ("untagged_sha256", "source_sha256", "pixel_sha256", "dhash", "taken_on", "uploaded_at"):
            assert getattr(photo, name) == getattr(row, name), name
    assert student.today is not None
    assert student.today.sha256 == ada.photo_sha256
    (attendance,) = student.attendance
    assert (attendance.date, attendance.session) == (datetime.date(2026, 11, 20), "AM")
    assert json.loads(path.read_text())["students"][0]["photo"].endswith(f"{ada.student_id}/profile.jpg")


def test_an_existing_backup_is_never_overwritten(ada: Student, tmp_path: Path) -> None:
    path = backed_up(tmp_path)
    before = path.read_bytes()
    code, _out, err = run("create_seed_backup", "--output", tmp_path)
    if code == 2:  # else a minute has passed in between
        assert "is there already" in err
    assert path.read_bytes() == before
    assert not list(tmp_path.glob(".*"))


def test_a_failure_midway_leaves_no_file(ada: Student, tmp_path: Path, monkeypatch: Any) -> None:
    def fails(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fails)
    assert run("create_seed_backup", "--output", tmp_path / "b")[0] == 2
    assert not list((tmp_path / "b").iterdir())


@pytest.mark.django_db(transaction=True)
def test_killed_before_every_step_there_is_a_whole_backup_or_none(ada: Student, tmp_path: Path) -> None:
    """Run again it is there, and nothing else is; within the same minute it says that it is."""
    watched = [
        *(("os", name) for name in ("open", "fsync", "link")),
        *(("students.recovery.backups.write:_Draft", "write"), ("pathlib:Path", "unlink")),
    ]
    writing, killed = Killing(watched=watched, codes=frozenset({0, 2}), apart=4), True
    while killed:
        folder = tmp_path / str(len(writing.steps))
        killed = writing.life("create_seed_backup", "--output", str(folder))
        (written,) = folder.iterdir()
        assert open_backup(written).sealed, writing.killed
        assert [one.student_id for one in open_backup(written).students()] == [ada.student_id]
    assert writing.was_killed_often(12)


def test_an_empty_school_has_a_backup_too(db: None, tmp_path: Path) -> None:
    assert list(open_backup(backed_up(tmp_path)).students()) == []


def test_an_old_backup_is_read(db: None, tmp_path: Path) -> None:
    path = tmp_path / "seed_backup_20250101_0000.json"
    first, second = old_student(), old_student(photo=None, name="Bea")
    for content in (old(first, second), json.dumps([first, second]).encode()):
        path.write_bytes(content)
        ada, bea = open_backup(path).students()
        assert (str(ada.student_id), ada.name, ada.had_photo) == (first["student_id"], "Ada", True)
        assert (bea.name, bea.had_photo) == ("Bea", False)


@pytest.mark.parametrize("what", HOSTILE)
def test_a_file_that_is_no_backup_is_refused_with_one_sentence(db: None, tmp_path: Path, what: str) -> None:
    path = tmp_path / "seed_backup_20260101_0000.json"
    path.write_bytes(HOSTILE[what])
    with pytest.raises(InvalidBackup) as refusal:
        open_backup(path)
    assert "\n" not in str(refusal.value)
    assert "\0" not in str(refusal.value)
    assert len(str(refusal.value)) < 250


@pytest.mark.parametrize("same", ["id", "student_number"])
def test_an_id_or_number_that_stands_twice_is_noticed_however_far_apart(
    db: None, tmp_path: Path, same: str
) -> None:
    many = [old_student(id=place, student_number=f"S-{place}") for place in range(1, 1_500)]
    path = tmp_path / "seed_backup_20260101_0000.json"
    path.write_bytes(old(*many))
    assert open_backup(path).student_count == len(many)
    many[-1][same] = many[0][same]
    path.write_bytes(old(*many))
    with pytest.raises(InvalidBackup, match="twice"):
        open_backup(path)


def test_a_gigabyte_is_refused_by_its_size(db: None, tmp_path: Path) -> None:
    path = tmp_path / "seed_backup_20260101_0000.json"
    with path.open("wb") as file:
        file.truncate(1_000_000_000)
    with pytest.raises(InvalidBackup, match="too large"):
        open_backup(path)


def test_a_gigabyte_that_begins_like_ours_is_not_too_large_and_is_refused_at_once(
    db: None, tmp_path: Path
) -> None:
    path = backed_up(tmp_path)
    for end in (b"", manifest_for(b"", 0)):
        with path.open("r+b") as file:
            file.truncate(1_000_000_000 - len(end))
            file.seek(0, os.SEEK_END)
            file.write(end)
        started = time.process_time()
        with pytest.raises(InvalidBackup, match="has no end"):
            open_backup(path)
        assert time.process_time() - started < 1


def test_a_backup_that_could_not_be_read_again_is_not_kept(
    db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strange = Student.objects.create(pk=10**15 + 1, name="Ada")
    code, _out, err = run("create_seed_backup", "--output", tmp_path / "b")
    assert (code, err.count("\n")) == (2, 1)
    assert "could not be read again, and was not kept. The file is not a backup: no entry of it" in err
    assert list((tmp_path / "b").iterdir()) == []
    strange.delete()
    Student.objects.create(name="Ada")
    monkeypatch.setattr(layout, "MAX_BACKUP_BYTES", 100)
    code, _out, err = run("create_seed_backup", "--output", tmp_path / "b")
    assert (code, "too large for a backup" in err) == (2, True)
    assert list((tmp_path / "b").iterdir()) == []


@pytest.mark.parametrize("last", [2**63 - 1, 10**15 + 1])
def test_an_id_that_would_use_up_all_others_is_refused(db: None, tmp_path: Path, last: int) -> None:
    Student.objects.create(name="Ada", student_number="S-1")
    ours = backed_up(tmp_path / "ours")
    path = tmp_path / "seed_backup_20260101_0000.json"
    for content in (forged(ours, id=last), old(old_student(id=last))):
        path.write_bytes(content)
        with pytest.raises(InvalidBackup, match=f"has {last} as id"):
            open_backup(path)
    path.write_bytes(forged(ours, id=10**15))
    assert not open_backup(path).sealed


def test_a_folder_and_a_pipe_are_no_backups(db: None, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(InvalidBackup):
            open_backup(path)


@pytest.mark.django_db(transaction=True)
def test_one_changed_byte_anywhere_is_noticed(ada: Student, tmp_path: Path) -> None:
    path = backed_up(tmp_path)
    whole = path.read_bytes()
    for at in range(0, len(whole), 23):
        changed = bytearray(whole)
        changed[at] ^= 1
        path.write_bytes(changed)
        try:
            assert not open_backup(path).sealed  # only the seal itself may be spoilt unnoticed
            assert at > whole.index(b'"seal"')
        except InvalidBackup:
            pass


@pytest.mark.django_db(transaction=True)
def test_a_backup_cut_off_anywhere_is_noticed(ada: Student, tmp_path: Path) -> None:
    path = backed_up(tmp_path)
    whole = path.read_bytes()
    for length in range(0, len(whole) - 1, 97):
        path.write_bytes(whole[:length])
        with pytest.raises(InvalidBackup):
            open_backup(path)


def test_the_newest_valid_one_is_used_and_the_others_are_told(ada: Student, tmp_path: Path) -> None:
    good = backed_up(tmp_path).rename(tmp_path / "seed_backup_20260101_0000.json")
    (tmp_path / "seed_backup_20260201_0000.json").write_bytes(b"")
    (tmp_path / "seed_backup_20250101_0000.json").write_bytes(old())
    choice = newest_valid(tmp_path)
    assert choice.backup is not None
    assert choice.backup.path == good
    assert [name for name, _why in choice.passed_over] == ["seed_backup_20260201_0000.json"]
    assert "Passed over seed_backup_20260201_0000.json" in choice.lines()[0]
    assert "Using seed_backup_20260101_0000.json" in choice.lines()[1]


def test_a_backup_exchanged_while_in_use_is_used_as_it_was_read(ada: Student, tmp_path: Path) -> None:
    backup = open_backup(backed_up(tmp_path))
    backup.path.write_bytes(b"[]")
    assert [one.student_id for one in backup.students()] == [ada.student_id]


def test_the_newest_is_the_one_that_was_written_last_whatever_the_names_say(
    ada: Student, tmp_path: Path
) -> None:
    first = backed_up(tmp_path / "1")
    Student.objects.filter(pk=ada.pk).update(name="Ada King")
    second = backed_up(tmp_path / "2")
    folder = tmp_path / "chosen"
    folder.mkdir()
    first.rename(folder / "seed_backup_20991231_2359.json")
    second.rename(folder / "seed_backup_20200101_0000.json")
    (folder / "seed_backup_20980101_0000.json").write_bytes(old(old_student()))
    (folder / "seed_backup_20970101_0000.json").write_bytes(b"")
    choice = newest_valid(folder)
    assert choice.backup is not None
    assert [one.name for one in choice.backup.students()] == ["Ada King"]
    why = dict(choice.passed_over)
    assert "old kind" in why["seed_backup_20980101_0000.json"]
    assert "empty" in why["seed_backup_20970101_0000.json"]
    assert len(why) == 2
    damaged = bytearray(choice.backup.path.read_bytes())
    damaged[-200] ^= 1
    choice.backup.path.write_bytes(bytes(damaged))
    choice = newest_valid(folder)
    assert choice.backup is not None
    assert [one.name for one in choice.backup.students()] == ["Ada Lovelace"]
    assert [name for name, _why in choice.passed_over] == ["seed_backup_20200101_0000.json"]
