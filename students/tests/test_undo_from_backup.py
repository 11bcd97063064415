"""Undo, and its undo, of what was made from a backup: each step reads its own line, not the whole file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection

from photostore.models import OperationStep
from students.models import Student
from students.recovery.backups import open_backup
from students.recovery.change.entries import _at_hand, _read
from students.tests.backup_files import old, old_student
from students.tests.commands import backed_up, run
from students.tests.school import enrol, face
from testing.exhaustive import is_exhaustive

pytestmark = pytest.mark.django_db(transaction=True)
COUNT = 300 if is_exhaustive() else 120
# A file is read in pieces of at most so many bytes; an undo opens it twice for each student.
PIECE_BYTES = 16_384
COLUMNS = ("id", "student_id", "student_number", "name", "class_name", "created_at")


@pytest.fixture(autouse=True)
def as_after_a_kill() -> None:
    _at_hand.clear()
    _read.clear()


@contextmanager
def bytes_read() -> Iterator[list[int]]:
    """How many bytes this process reads from files."""

    def now() -> int:
        return int(Path("/proc/self/io").read_text().split()[1])

    read = [now()]
    yield read
    read[0] = now() - read[0]


def undo(*which: str) -> int:
    _at_hand.clear()
    return run("undo_photo_operation", *(which or ("--last",)))[0]


def students() -> list[dict[str, Any]]:
    return list(Student.objects.order_by("student_id").values(*COLUMNS))


def lose_the_students() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE students_student CASCADE")


@pytest.mark.exhaustive
def test_an_undo_of_many_created_students_reads_a_line_for_each() -> None:
    Student.objects.bulk_create(
        Student(name=f"Student {place}", student_number=f"S-{place}", class_name="3b")
        for place in range(COUNT)
    )
    before = students()
    path = backed_up(settings.PHOTO_BACKUP_DIR)
    size = path.stat().st_size
    assert size > 4 * PIECE_BYTES
    lose_the_students()
    assert run("restore_student_photos", "--create-students")[0] == 0
    assert students() == before
    with bytes_read() as read:
        assert undo() == 0
    assert not Student.objects.exists()
    assert read[0] < 3 * size + COUNT * 2 * PIECE_BYTES
    operation = str(OperationStep.objects.order_by("operation__started_at").last().operation_id)  # type: ignore[union-attr]
    with bytes_read() as read:
        assert undo(operation) == 0
    assert students() == before
    assert read[0] < 3 * size + COUNT * 2 * PIECE_BYTES


@pytest.mark.parametrize("damage", ["one byte near the end", "gone"])
def test_a_backup_that_is_of_no_use_any_more_is_judged_once(damage: str) -> None:
    Student.objects.bulk_create(
        Student(name=f"Student {place}", student_number=f"S-{place}") for place in range(COUNT)
    )
    path = backed_up(settings.PHOTO_BACKUP_DIR)
    lose_the_students()
    assert run("restore_student_photos", "--create-students")[0] == 0
    whole = path.read_bytes()
    path.unlink()
    if damage != "gone":
        path.write_bytes(whole.replace(f"S-{COUNT - 1}".encode(), b"T-999"))
    with bytes_read() as read:
        assert undo() == 1
    assert Student.objects.count() == COUNT
    assert read[0] < 3 * len(whole) + COUNT * PIECE_BYTES
    path.unlink(missing_ok=True)
    path.write_bytes(whole)
    again = str(OperationStep.objects.order_by("operation__started_at").first().operation_id)  # type: ignore[union-attr]
    assert undo(again) == 0
    assert not Student.objects.exists()


def test_an_old_backup_and_one_that_was_exchanged_between_undo_and_undo(api: Any) -> None:
    made = enrol(api, photo=face(1))
    folder = Path(settings.PHOTO_BACKUP_DIR)
    folder.mkdir(exist_ok=True)
    path = folder / "seed_backup_20260101_0000.json"
    entries = [old_student(name="Bea"), old_student(name="Cleo", id=900, student_number="S-9", photo=None)]
    path.write_bytes(old(old_student(student_id=made["student_id"]), *entries))
    assert run("restore_student_photos", "--create-students")[0] == 0
    assert Student.objects.count() == 3
    assert undo() == 0
    assert Student.objects.count() == 1
    again = str(OperationStep.objects.order_by("operation__started_at").last().operation_id)  # type: ignore[union-attr]
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"Bea", b"Eve"))
    assert undo(again) == 1
    assert Student.objects.count() == 1
    path.write_bytes(whole)
    assert undo(again) == 0
    assert set(Student.objects.values_list("name", flat=True)) == {"Ada Lovelace", "Bea", "Cleo"}


def test_a_backup_finds_each_student_until_it_is_forgotten(api: Any, tmp_path: Path) -> None:
    for place in range(3):
        enrol(api, f"Student {place}", student_number=f"S-{place}", photo=face(place))
    backup = open_backup(backed_up(tmp_path))
    for student in backup.students():
        assert backup.find(student.student_id) == student
    assert backup.find(uuid4()) is None
    other = open_backup(backup.path)
    backup.forget()
    assert (backup.table.still_stands(), other.table.still_stands()) == (False, True)
