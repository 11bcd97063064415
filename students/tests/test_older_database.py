"""The database is restored from last night's dump: newer photos find their students again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from photostore.storage import storage_for
from photostore.tests.inventory_files import run
from students.models import Student
from students.photos import upload_photo
from students.tests.drill_school import OLGA, PUPILS, Pupil, incoming, judge, same_students
from students.tests.reseeding import links, tree, undo_last

pytestmark = pytest.mark.django_db(transaction=True)

TABLES = ("photostore_storedfile", "students_studentphoto")
LIVE = ("profile_photo", "photo_sha256", "photo_updated_at")


@contextmanager
def dumped() -> Iterator[None]:
    """What happens to photos' rows inside is as if it had not been; the files stay. No trigger runs."""
    with connection.cursor() as cursor:
        for table in (*TABLES, "students_student"):
            cursor.execute(f"CREATE TEMPORARY TABLE dumped_{table} AS TABLE {table}")
        yield
        _triggers(cursor, "DISABLE")
        for table in TABLES:
            with transaction.atomic():
                cursor.execute(f"DELETE FROM {table}; INSERT INTO {table} SELECT * FROM dumped_{table}")
        columns = ", ".join(f"{name} = dumped.{name}" for name in LIVE)
        cursor.execute(
            f"UPDATE students_student AS today SET {columns} FROM dumped_students_student AS dumped "
            "WHERE dumped.id = today.id"
        )
        _triggers(cursor, "ENABLE")
        for table in (*TABLES, "students_student"):
            cursor.execute(f"DROP TABLE dumped_{table}")


def _triggers(cursor: Any, what: str) -> None:
    for table in (*TABLES, "students_student"):
        cursor.execute(f"ALTER TABLE {table} {what} TRIGGER USER")


@pytest.mark.drill("the database is a day older than two photos, no backup")
def test_newer_photos_come_back_as_former_ones(
    school: list[Pupil], outcome: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which is today's a person says: it may have been taken away after the dump as well."""
    with dumped():
        for place in (3, 4):
            upload_photo(
                student=Student.objects.get(pk=school[place].pk), incoming=incoming(3000 + place), actor=OLGA
            )
    before = tree(), links()
    assert run("migrate_orphaned_photos", "--list")[1]["count"] == 0, "an upload may be about to name them"
    monkeypatch.setattr("students.recovery.unowned.YOUNG", timedelta(seconds=-5))
    code, said = run("migrate_orphaned_photos", "--migrate")
    assert (code, said["students"], said["photos"], said["left_count"]) == (0, 2, 2, 0)
    for place in (3, 4):
        newest = incoming(3000 + place).clean.picture.sha256
        student = Student.objects.get(pk=school[place].pk)
        former = student.photos.of_profile().get(untagged_sha256=newest)
        assert former.replaced_at is not None
        assert storage_for().stat(str(former.file)) is not None
        school[place].attendance_face = newest  # theirs as well
    run("restore_student_photos", "--checksum")
    counts = judge(school, same_students(school))
    outcome(**counts)
    assert counts["right"] == PUPILS
    assert not undo_last().skipped
    assert not undo_last().skipped
    assert (tree(), links()) == before
