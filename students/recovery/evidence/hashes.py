"""Every student number as the rows have it now, hashed with every key: no stored hash is believed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from itertools import islice

from django.db import connection

from students import identity
from students.models import FormerStudentNumber, Student
from students.recovery.evidence.backups import BackupStudents

BATCH = 1_000
# `student` is NULL for the number of a backup.
_CREATE = """
DROP TABLE IF EXISTS students_number_hashes;
CREATE TEMPORARY TABLE students_number_hashes (number_hash text, number text, student bigint)
"""
_INDEX = "CREATE INDEX ON students_number_hashes (number_hash); ANALYZE students_number_hashes"
_OF_A_BACKUP = "SELECT DISTINCT number FROM {backup} AS backup WHERE number <> ''"
_OWNERS = "SELECT number_hash, student FROM students_number_hashes WHERE number_hash = ANY(%s)"

Number = tuple[str, int | None]


def owners_of(hashes: Collection[str]) -> dict[str, set[int]]:
    """The primary keys of the students who have, or had, a number with one of these hashes."""
    found: dict[str, set[int]] = defaultdict(set)
    hash_numbers(BackupStudents(), needed=bool(hashes))
    with connection.cursor() as cursor:
        cursor.execute(_OWNERS, [list(hashes)])
        for number_hash, pk in cursor.fetchall():
            found[number_hash].add(pk)
    return found


def hash_numbers(backup: BackupStudents, *, needed: bool = True) -> None:
    """Make the table `students_number_hashes`; an empty one where it is not `needed`."""
    numbers = _every_number(backup) if needed else iter(())
    with connection.cursor() as cursor:
        cursor.execute(_CREATE)
        while batch := list(islice(numbers, BATCH)):
            keys = identity.keys()
            with cursor.copy("COPY students_number_hashes FROM STDIN") as copy:
                for number, pk in batch:
                    for key in keys:
                        copy.write_row((identity.number_hash(number, key), number, pk))
        cursor.execute(_INDEX)


def _every_number(backup: BackupStudents) -> Iterator[Number]:
    todays = Student.objects.exclude(student_number=None).order_by()
    former = FormerStudentNumber.objects.order_by()
    yield from todays.values_list("student_number", "pk").iterator(chunk_size=BATCH)  # type: ignore[misc]
    yield from former.values_list("student_number", "student_id").iterator(chunk_size=BATCH)
    with connection.chunked_cursor() as cursor:
        cursor.execute(_OF_A_BACKUP.format(backup=backup.relation))
        while rows := cursor.fetchmany(BATCH):
            yield from ((number, None) for (number,) in rows)
