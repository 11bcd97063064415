"""Where each student stands in a backup, so that one entry is read without all the others.

The places lie in a temporary table of the database session: memory stays flat, however large the school.
"""

from __future__ import annotations

import json
from itertools import islice
from uuid import UUID

from django.db import connection

from students.backups.contents import BackedUpStudent
from students.backups.parse import old_student_in
from students.backups.read import Backup

BATCH = 1_000
_CREATE = """
DROP TABLE IF EXISTS students_backup_index;
CREATE TEMPORARY TABLE students_backup_index (student_id uuid, line_at bigint, old_entry text)
"""
_FIND = "SELECT line_at, old_entry FROM students_backup_index WHERE student_id = %s"
_TABLE = "SELECT to_regclass('pg_temp.students_backup_index')::oid"


class Index:
    """Of one backup, made by reading it once. One of the old kind has no lines: its few words are kept."""

    def __init__(self, backup: Backup) -> None:
        """Raises `InvalidBackup` when the file was exchanged since it was opened."""
        self.backup = backup
        entries = backup.placed_students()
        with connection.cursor() as cursor:
            cursor.execute(_CREATE)
        while rows := [_place(at, student) for at, student in islice(entries, BATCH)]:
            # Read first, then copied: a broken backup is never read inside a COPY.
            with connection.cursor() as cursor, cursor.copy("COPY students_backup_index FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        with connection.cursor() as cursor:
            cursor.execute("CREATE UNIQUE INDEX ON students_backup_index (student_id)")
            cursor.execute(_TABLE)
            (self._oid,) = cursor.fetchone()

    def still_stands(self) -> bool:
        """Whether the table is this one's: it goes with its session, and with a transaction taken back."""
        with connection.cursor() as cursor:
            cursor.execute(_TABLE)
            return bool(cursor.fetchone() == (self._oid,))

    def find(self, student_id: UUID) -> BackedUpStudent | None:
        """The student's entry, None where there is none. Raises `InvalidBackup` for an exchanged file."""
        with connection.cursor() as cursor:
            cursor.execute(_FIND, [student_id])
            found = cursor.fetchone()
        if found is None:
            return None
        line_at, old_entry = found
        if line_at is None:
            return old_student_in(json.loads(old_entry))
        return self.backup.student_at(line_at)


def _place(line_at: int | None, student: BackedUpStudent) -> tuple[UUID, int | None, str | None]:
    if line_at is not None:
        return student.student_id, line_at, None
    words = {"student_id": str(student.student_id), "id": student.id, "name": student.name}
    words |= {"student_number": student.student_number, "photo": "there" if student.had_photo else None}
    return student.student_id, None, json.dumps(words)
