"""What a run over a large school remembers: on disk and in the database, not in Python's memory."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from itertools import islice
from tempfile import TemporaryFile
from weakref import finalize

from django.db import connection


class SpilledLines:
    """Lines that are told again at the end; kept in a temporary file."""

    def __init__(self) -> None:
        self._file = TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - lives as long as the object
        finalize(self, self._file.close)
        self.count = 0

    def append(self, line: str) -> None:
        self._file.write(json.dumps(line) + "\n")
        self.count += 1

    def __iter__(self) -> Iterator[str]:
        self._file.seek(0)
        yield from map(json.loads, self._file)

    def first(self, count: int) -> list[str]:
        return list(islice(self, count))


class SeenStudents:
    """Who was gone through already. One at a time in a session: another one begins with nobody."""

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS students_gone_through")
            cursor.execute("CREATE TEMPORARY TABLE students_gone_through (pk bigint PRIMARY KEY)")

    def add(self, pks: Collection[int]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO students_gone_through SELECT unnest(%s::bigint[]) ON CONFLICT DO NOTHING",
                [list(pks)],
            )

    def among(self, pks: Collection[int]) -> set[int]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pk FROM students_gone_through WHERE pk = ANY(%s)", [list(pks)])
            return {pk for (pk,) in cursor.fetchall()}
