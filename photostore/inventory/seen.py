"""Which findings were counted already, beyond those that are listed: exact, and not in Python's memory."""

from __future__ import annotations

from itertools import count

from django.db import connection

_numbers = count(1)


class Seen:
    """A temporary table of findings; made when the first one comes."""

    def __init__(self) -> None:
        self._table = ""

    def is_new(self, what: str, alias: str, key: str) -> bool:
        """Whether this finding comes for the first time."""
        with connection.cursor() as cursor:
            if not self._table:
                self._table = f"photostore_seen_{next(_numbers)}"
                cursor.execute(
                    f"CREATE TEMPORARY TABLE {self._table} "
                    '(what text, alias text, key text COLLATE "C", PRIMARY KEY (what, alias, key))'
                )
            cursor.execute(
                f"INSERT INTO {self._table} VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",  # noqa: S608
                [what, alias, key],
            )
            return bool(cursor.rowcount)

    def forget(self) -> None:
        if self._table:
            with connection.cursor() as cursor:
                cursor.execute(f"DROP TABLE {self._table}")
            self._table = ""
