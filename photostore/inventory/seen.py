"""What came already: exact, and not in Python's memory."""

from __future__ import annotations

from collections.abc import Collection
from itertools import count

from django.db import connection

_numbers = count(1)


class Seen:
    """A temporary table of names; made when the first one comes."""

    def __init__(self) -> None:
        self._table = ""

    def is_new(self, name: str) -> bool:
        """Whether it comes for the first time."""
        return self.add([name]) == 1

    def add(self, names: Collection[str]) -> int:
        """The number of those that are new."""
        with connection.cursor() as cursor:
            if not self._table:
                self._table = f"photostore_seen_{next(_numbers)}"
                cursor.execute(f'CREATE TEMPORARY TABLE {self._table} (name text COLLATE "C" PRIMARY KEY)')
            into = f"INSERT INTO {self._table} SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING"
            cursor.execute(into, [list(names)])
            return int(cursor.rowcount)

    def among(self, names: Collection[str]) -> set[str]:
        """Those of them that came."""
        if not self._table:
            return set()
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT name FROM {self._table} WHERE name = ANY(%s)", [list(names)])  # noqa: S608
            return {name for (name,) in cursor.fetchall()}

    def forget(self) -> None:
        if self._table:
            with connection.cursor() as cursor:
                cursor.execute(f"DROP TABLE {self._table}")
            self._table = ""
