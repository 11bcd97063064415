"""One backup in a temporary table of the database session: memory stays flat, however large the school."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection

from students.recovery.backups.contents import BackedUpStudent, Erased

BATCH_BYTES = 1_048_576
BATCH = 1_000
# A second student of one id would be another child.
_TWICE = """
SELECT max(student_id::text) FROM {table}, LATERAL (VALUES ('student_id', student_id::text), ('id', id::text),
    ('number', number)) AS ids (kind, value)
WHERE value IS NOT NULL AND NOT is_erased GROUP BY kind, value HAVING count(*) > 1 LIMIT 1
"""
# Entries are read once or twice and never sorted: to compress them costs more than it saves.
_CREATE = """
CREATE TEMPORARY TABLE {table}
    (at integer, is_erased boolean, student_id uuid, id bigint, number text, name text, class_name text,
     photo text, entry text, sha256s text[], has_photo boolean);
ALTER TABLE {table} ALTER COLUMN entry SET STORAGE EXTERNAL
"""
_FINISH = """
CREATE UNIQUE INDEX ON {table} (at); CREATE INDEX ON {table} (student_id); ANALYZE {table}
"""
_FIND = "SELECT entry FROM {table} WHERE student_id = %s AND NOT is_erased"
_ABSENT = """
SELECT count(*) FROM {table} AS entry WHERE NOT is_erased
  AND NOT EXISTS (SELECT 1 FROM students_student AS here WHERE here.student_id = entry.student_id)
"""
_NEXT = "SELECT at, entry FROM {table} WHERE at > %s AND is_erased = %s ORDER BY at LIMIT %s"
_numbers = count(1)
_student = msgspec.json.Decoder(BackedUpStudent)
_erased = msgspec.json.Decoder(Erased)


class Table:
    """Each entry as JSON with what it is looked up by. It goes with the session, or by `drop`.

    `photo` is today's without the identity inside; empty where its bytes are unknown, NULL for none.
    `sha256s` are of every photo recorded there: as stored, without the identity, as handed in.
    """

    def __init__(self) -> None:
        self.name = f"students_backup_{next(_numbers)}"
        self._waiting: list[tuple[Any, ...]] = []
        self._waiting_bytes = self._largest = self._at = 0
        with connection.cursor() as cursor:
            cursor.execute(_CREATE.format(table=self.name))

    def add(self, item: BackedUpStudent | Erased, entry: bytes | None = None) -> None:
        """One more, and the JSON that it was read from."""
        json = (msgspec.json.encode(item) if entry is None else entry).decode()
        if isinstance(item, Erased):
            self.add_row(True, item.student_id, *[None] * 5, entry=json)
            return
        photo = item.today.untagged_sha256 if item.today else "" if item.had_photo else None
        looked_up = (item.student_id, item.id, item.student_number, item.name, item.class_name, photo)
        has_photo = bool(item.photos or item.profile_photo)
        self.add_row(False, *looked_up, entry=json, sha256s=item.every_sha256, has_photo=has_photo)

    def add_row(
        self,
        is_erased: bool,
        *looked_up: Any,
        entry: str = "",
        sha256s: frozenset[str] = frozenset(),
        has_photo: bool = False,
    ) -> None:
        self._at += 1
        self._waiting.append((self._at, is_erased, *looked_up, entry, f"{{{','.join(sha256s)}}}", has_photo))
        self._largest = max(self._largest, len(entry))
        self._waiting_bytes += len(entry)
        if self._waiting_bytes > BATCH_BYTES or len(self._waiting) >= BATCH:
            self._copy()

    def finish(self) -> UUID | None:
        """After the last one: a student with an id or a number that is there more than once."""
        self._copy()
        with connection.cursor() as cursor:
            cursor.execute(_FINISH.format(table=self.name))
            cursor.execute(_TWICE.format(table=self.name))
            found = cursor.fetchone()
        return UUID(found[0]) if found else None

    def students(self) -> Iterator[BackedUpStudent]:
        """Every student, in the file's order."""
        return map(_student.decode, self._entries(erased=False))

    def erased(self) -> Iterator[Erased]:
        return map(_erased.decode, self._entries(erased=True))

    def find(self, student_id: UUID) -> BackedUpStudent | None:
        """The student's entry, None where there is none."""
        with connection.cursor() as cursor:
            cursor.execute(_FIND.format(table=self.name), [student_id])
            found = cursor.fetchone()
        return _student.decode(found[0]) if found else None

    def absent_count(self) -> int:
        """The number of students who are not in the database."""
        with connection.cursor() as cursor:
            cursor.execute(_ABSENT.format(table=self.name))
            return int(cursor.fetchone()[0])

    def still_stands(self) -> bool:
        """Whether it is there: a table goes with its session, and with a transaction taken back."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass(%s)", [f"pg_temp.{self.name}"])
            return bool(cursor.fetchone() != (None,))

    def drop(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{self.name}")

    def _entries(self, *, erased: bool) -> Iterator[str]:
        at_once = max(1, min(BATCH, 4 * BATCH_BYTES // max(1, self._largest)))
        last = 0
        while True:
            with connection.cursor() as cursor:
                cursor.execute(_NEXT.format(table=self.name), [last, erased, at_once])
                rows = cursor.fetchall()
            if not rows:
                return
            yield from (entry for _at, entry in rows)
            last = rows[-1][0]

    def _copy(self) -> None:
        # Read first, then copied: a broken backup is never read inside a COPY.
        with connection.cursor() as cursor, cursor.copy(f"COPY {self.name} FROM STDIN") as copy:
            for row in self._waiting:
                copy.write_row(row)
        self._waiting.clear()
        self._waiting_bytes = 0
