"""Every student number as the rows have it now, hashed with every key: no stored hash is believed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from itertools import islice

from django.db import connection

from students import identity
from students.models import FormerStudentNumber, Student

BATCH = 1_000
_CREATE = """
DROP TABLE IF EXISTS students_number_hashes;
CREATE TEMPORARY TABLE students_number_hashes (number_hash text, student bigint)
"""
_INDEX = "CREATE INDEX ON students_number_hashes (number_hash); ANALYZE students_number_hashes"


class NumberHashes:
    """Hashed once for a whole run, when first asked; then one indexed look-up for each batch."""

    def __init__(self) -> None:
        self._made = False

    def owners(self, hashes: Collection[str]) -> dict[str, set[int]]:
        """The primary keys of the students who have, or had, a number with one of these hashes."""
        if not self._made:
            self._make()
        found: dict[str, set[int]] = defaultdict(set)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT number_hash, student FROM students_number_hashes WHERE number_hash = ANY(%s)",
                [list(hashes)],
            )
            for number_hash, pk in cursor.fetchall():
                found[number_hash].add(pk)
        return found

    def _make(self) -> None:
        numbers, keys = _every_number(), identity.keys()
        with connection.cursor() as cursor:
            cursor.execute(_CREATE)
            while batch := list(islice(numbers, BATCH)):
                with cursor.copy("COPY students_number_hashes FROM STDIN") as copy:
                    for number, pk in batch:
                        for key in keys:
                            copy.write_row((identity.number_hash(number, key), pk))
            cursor.execute(_INDEX)
        self._made = True


def _every_number() -> Iterator[tuple[str | None, int]]:
    todays = Student.objects.exclude(student_number=None).order_by()
    former = FormerStudentNumber.objects.order_by()
    yield from todays.values_list("student_number", "pk").iterator(chunk_size=BATCH)
    yield from former.values_list("student_number", "student_id").iterator(chunk_size=BATCH)
