"""The ids in a backup, each of which may be there once: a second one would be another child's.

They lie in a temporary table of the database session: memory stays flat, however large the school.
"""

from __future__ import annotations

from uuid import UUID

from django.db import connection

from students.backups.contents import BackedUpStudent

BATCH = 1_000
_CREATE = """
DROP TABLE IF EXISTS students_backup_ids;
CREATE TEMPORARY TABLE students_backup_ids (kind text, value text, student_id uuid)
"""
_TWICE = """
SELECT max(student_id::text) FROM students_backup_ids GROUP BY kind, value HAVING count(*) > 1 LIMIT 1
"""


class Ids:
    """Of one backup at a time in a session."""

    def __init__(self) -> None:
        self._waiting: list[tuple[str, str, UUID]] = []
        with connection.cursor() as cursor:
            cursor.execute(_CREATE)

    def add(self, student: BackedUpStudent) -> None:
        """The `student_id`, the primary key and the number of one more."""
        ids = {"student_id": student.student_id, "id": student.id, "number": student.student_number}
        self._waiting += [
            (kind, str(value), student.student_id) for kind, value in ids.items() if value is not None
        ]
        if len(self._waiting) >= BATCH:
            self._copy()

    def one_that_is_twice(self) -> UUID | None:
        """A student with an id or a number that stands in the backup more than once."""
        self._copy()
        with connection.cursor() as cursor:
            cursor.execute(_TWICE)
            found = cursor.fetchone()
            cursor.execute("DROP TABLE students_backup_ids")
        return UUID(found[0]) if found else None

    def _copy(self) -> None:
        # Read first, then copied: a broken backup is never read inside a COPY.
        with connection.cursor() as cursor, cursor.copy("COPY students_backup_ids FROM STDIN") as copy:
            for row in self._waiting:
                copy.write_row(row)
        self._waiting.clear()
