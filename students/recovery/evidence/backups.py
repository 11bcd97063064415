"""What a backup knows of yesterday's students, as the evidence needs it. Whoever reads backups fills it.

It is kept in temporary tables of the database session, so that memory stays flat as the school grows; what
concerns a batch of files is looked up at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from uuid import UUID

from django.db import connection

from students.recovery import backups
from students.recovery.evidence.ours import is_our_own

BATCH = 1_000

_CREATE = """
DROP TABLE IF EXISTS students_backed_up, students_backed_up_photos;
CREATE TEMPORARY TABLE students_backed_up (student_id uuid, pk bigint, number text, name text,
    sha256s text[], is_only_one_called boolean NOT NULL DEFAULT false);
CREATE TEMPORARY TABLE students_backed_up_photos (sha256 text, student_id uuid)
"""
# Nobody else analyses a temporary table; not knowing how many names there are, PostgreSQL would compare
# each student with each.
_FINISH = """
ANALYZE students_backed_up;
UPDATE students_backed_up SET is_only_one_called = true WHERE name IN
    (SELECT name FROM students_backed_up GROUP BY name HAVING count(*) = 1);
CREATE INDEX ON students_backed_up (student_id); CREATE INDEX ON students_backed_up (pk);
CREATE INDEX ON students_backed_up_photos (sha256);
ANALYZE students_backed_up; ANALYZE students_backed_up_photos
"""
_ABOUT = """
SELECT student_id, pk, number, name, sha256s, is_only_one_called FROM students_backed_up
WHERE student_id IN (
    SELECT unnest(%s::uuid[])
    UNION SELECT student_id FROM students_backed_up WHERE pk = ANY(%s)
    UNION SELECT student_id FROM students_backed_up_photos WHERE sha256 = ANY(%s))
"""


@dataclass(frozen=True, slots=True)
class BackedUpStudent:
    """One student of a backup. `sha256s`: every photo recorded there; stored, untagged or as handed in."""

    student_id: UUID
    pk: int | None = None
    number: str = ""
    name: str = ""
    sha256s: frozenset[str] = frozenset()
    is_only_one_called: bool = False


@dataclass(frozen=True)
class Known:
    """What a backup knows about one batch: students by `student_id`, by old primary key, by sha256.

    `created_at` is None where there is no backup, and for one that does not say when it was written.
    """

    by_id: dict[UUID, BackedUpStudent] = field(default_factory=dict)
    pks: dict[int, BackedUpStudent] = field(default_factory=dict)
    sha256s: dict[str, list[BackedUpStudent]] = field(default_factory=dict)
    created_at: datetime | None = None
    is_own: bool = True

    def by_student_id(self, student_id: UUID | None) -> BackedUpStudent | None:
        """Whom a folder's UUID meant."""
        return self.by_id.get(student_id) if student_id else None

    def by_pk(self, pk: int | None) -> BackedUpStudent | None:
        """Whom an old primary key meant."""
        return None if pk is None else self.pks.get(pk)

    def with_photo(self, *sha256s: str) -> list[BackedUpStudent]:
        """Whose photo had one of these sha256s; the first that anybody had decides."""
        return next((found for sha256 in sha256s if (found := self.sha256s.get(sha256))), [])


class BackupStudents:
    """A backup's students, copied into temporary tables; one backup at a time in a session."""

    def __init__(
        self, students: Iterable[BackedUpStudent], created_at: datetime | None = None, *, is_own: bool = True
    ) -> None:
        self._created_at, self._is_own = created_at, is_own
        remaining = iter(students)
        with connection.cursor() as cursor:
            cursor.execute(_CREATE)
            # Read first, then copied: a broken backup is never read inside a COPY.
            while batch := list(islice(remaining, BATCH)):
                with cursor.copy(
                    "COPY students_backed_up (student_id, pk, number, name, sha256s) FROM STDIN"
                ) as copy:
                    for one in batch:
                        copy.write_row((one.student_id, one.pk, one.number, one.name, sorted(one.sha256s)))
                with cursor.copy("COPY students_backed_up_photos FROM STDIN") as copy:
                    for one in batch:
                        for sha256 in one.sha256s:
                            copy.write_row((sha256, one.student_id))
            cursor.execute(_FINISH)

    def about(self, ids: Collection[UUID], pks: Collection[int], sha256s: Collection[str]) -> Known:
        """Whoever has one of these: one query for a batch."""
        known = Known(created_at=self._created_at, is_own=self._is_own)
        with connection.cursor() as cursor:
            cursor.execute(_ABOUT, [list(ids), list(pks), list(sha256s)])
            for student_id, pk, number, name, photos, only_one in cursor.fetchall():
                one = BackedUpStudent(student_id, pk, number, name, frozenset(photos), only_one)
                known.by_id[student_id] = one
                if pk is not None:
                    known.pks[pk] = one
                for sha256 in photos:
                    known.sha256s.setdefault(sha256, []).append(one)
        return known


def students_in(backup: backups.Backup) -> BackupStudents:
    """The evidence of a backup file.

    One that is not our own may be another school's: there the same integers and numbers are other children,
    so then only UUIDs and sha256s count. Nor does the integer of somebody who had no photo say
    whose a file of that name is: it lay there already, of an earlier child.
    """
    is_own = is_our_own(backup)
    students = (
        BackedUpStudent(
            student_id=one.student_id,
            pk=one.id if is_own and (one.sha256s or one.profile_photo) else None,
            number=(one.student_number or "") if is_own else "",
            name=one.name,
            sha256s=one.sha256s | _attendance(one),
        )
        for one in backup.students()
    )
    return BackupStudents(students, backup.created_at, is_own=is_own)


def _attendance(student: backups.BackedUpStudent) -> frozenset[str]:
    columns = ("sha256", "untagged_sha256", "source_sha256")
    return frozenset(getattr(photo, column) for photo in student.attendance for column in columns)
