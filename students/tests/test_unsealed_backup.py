"""A backup without our seal: whole by its own sha256, and written by anybody."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from photostore.models import OperationStep, StoredFile
from photostore.storage import storage_for
from students.models import Student, StudentPhoto
from students.recovery.backups import layout, open_backup
from students.tests.backup_files import manifest_for
from students.tests.commands import backed_up, run
from students.tests.school import enrol, face
from students.tombstones import Tombstone, add_tombstones


def restore(*arguments: str) -> tuple[int, str, str]:
    return run("restore_student_photos", *arguments)


@pytest.fixture
def ada(each_storage: str, ada: dict[str, Any]) -> Student:
    return Student.objects.get(pk=ada["id"])


@pytest.fixture
def grace(api: Any, ada: Student) -> Student:
    made = enrol(api, "Grace Hopper", student_number="S-2", photo=face(2))
    return Student.objects.get(pk=made["id"])


def rewritten(backup: Path, students: list[dict[str, Any]], erased: list[dict[str, Any]]) -> Path:
    """The backup with another content, as somebody without our key writes it."""
    lines = [b",\n".join(json.dumps(item).encode() for item in items) for items in (students, erased)]
    head = backup.read_bytes().splitlines(keepends=True)[0]
    content = head + lines[0] + b"\n" + layout.ERASED + lines[1] + (b"\n" if erased else b"")
    path = backup.with_name("seed_backup_20990101_0000.json")
    path.write_bytes(content + manifest_for(content, len(students), photos=len(students)))
    assert not open_backup(path).sealed
    return path


def unlink(*students: Student) -> None:
    for student in students:
        Student.objects.filter(pk=student.pk).update(profile_photo="", photo_sha256="")
        StudentPhoto.objects.of_profile().filter(student=student).delete()
        StoredFile.objects.filter(owner_id=str(student.pk)).delete()


def test_its_erasures_are_not_believed(ada: Student, grace: Student) -> None:
    """Ada's photo would be hidden as erased, and her files be nobody's."""
    backup = backed_up(settings.PHOTO_BACKUP_DIR)
    at = "2026-11-20T08:00:00+00:00"
    stones = [
        {"student_id": str(ada.student_id), "sha256": sha256, "erased_at": at}
        for sha256 in ("", ada.photo_sha256)
    ]
    path = rewritten(backup, json.loads(backup.read_bytes())["students"], stones)
    unlink(ada, grace)
    code, out, err = restore("--backup-file", str(path))
    assert code == 0, err
    assert "Not believed: 2 erasures in seed_backup_20990101_0000.json" in out
    assert not Tombstone.objects.exists()
    for student in (ada, grace):
        assert Student.objects.get(pk=student.pk).photo_sha256 == student.photo_sha256


def test_nobody_who_is_here_is_buried_by_a_sealed_one(ada: Student, grace: Student) -> None:
    """As after the return of an old copy of the database: the erased are erased again by a person."""
    for student in (ada, grace):
        add_tombstones(student.student_id, [student.photo_sha256])
    backup = backed_up(settings.PHOTO_BACKUP_DIR)
    assert open_backup(backup).sealed
    Tombstone.objects.all().delete()
    grace.delete()
    code, out, _err = restore("--backup-file", str(backup))
    assert code == 0
    assert "Erased before the backup was written, and here again: 1." in out
    assert set(Tombstone.objects.values_list("student_id", flat=True)) == {grace.student_id}


NOT_A_PICTURE = b"Dear diary,"
BEGINS_LIKE_ONE = b"\xff\xd8\xff\xe0 and goes on like none"


@pytest.mark.parametrize("what", ["another type", "no picture", "no picture inside"])
def test_what_it_says_of_one_photo_stops_nobody_else(ada: Student, grace: Student, what: str) -> None:
    """Nor any later operation: a step that cannot be done would be begun again by every one of them."""
    backup = backed_up(settings.PHOTO_BACKUP_DIR)
    students = json.loads(backup.read_bytes())["students"]
    (photo,) = students[0]["photos"]
    folder = f"photos/students/{ada.student_id}/history"
    if what == "another type":
        photo |= {"content_type": "image/png", "key": f"{folder}/{ada.photo_sha256}.png"}
    else:
        data = NOT_A_PICTURE if what == "no picture" else BEGINS_LIKE_ONE
        sha256 = hashlib.sha256(data).hexdigest()
        photo |= {"sha256": sha256, "key": f"{folder}/{sha256}.jpg"}
        storage_for().put(photo["key"], data, content_type="image/jpeg")
    path = rewritten(backup, students, [])
    unlink(ada, grace)
    code, out, err = restore("--backup-file", str(path))
    assert code == 0, err
    (line,) = [line for line in out.splitlines() if line.startswith("Left for a person: ")]
    assert f"{ada.name} (ID {ada.pk}): a photo is " in line
    assert Student.objects.get(pk=grace.pk).photo_sha256 == grace.photo_sha256
    assert not OperationStep.objects.filter(state=OperationStep.State.PLANNED).exists()
    code, _out, err = run("erase_student", str(ada.pk), "--confirm")
    assert code == 0, err
