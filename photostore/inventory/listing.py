"""What lies in one place, copied into a temporary table, so that PostgreSQL compares it with the register.

Measured on a million files and rows: the copy and one hash join take 2.5 µs for each, Python keeps one
batch of lines, and nothing has to be sorted. Merging two sorted streams would need the disk's names sorted
first, which is what costs the memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, islice
from typing import Any

from django.db import connection

from photostore.errors import StorageUnavailable
from photostore.references.roots import StorageRoot
from photostore.storage.base import Line

# Lines are gathered before each COPY, so that a slow or failing storage is never listed inside one.
LINES_PER_COPY = 20_000
ROWS_PER_FETCH = 1_000
QUARANTINE = "quarantine/"
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Listing:
    """One pass over a place, kept until the block ends."""

    place: StorageRoot
    prefix: str
    table: str
    started_at: Any  # the database's clock, which also writes the rows
    file_count: int

    def rows(self, sql: str, **values: Any) -> Iterator[tuple[Any, ...]]:
        """The rows of a query over `{listing}`, streamed."""
        given = {"aliases": list(self.place.aliases), "prefix": self.prefix, **values}
        with connection.chunked_cursor() as cursor:
            cursor.execute(sql.replace("{listing}", self.table), given)
            while rows := cursor.fetchmany(ROWS_PER_FETCH):
                yield from rows

    def others(self, kind: str) -> Iterator[str]:
        """The keys of what is no file of ours: `partial`, `symlink`, `unusable`."""
        rows = self.rows("SELECT key FROM {listing} WHERE kind = %(kind)s ORDER BY key", kind=kind)
        return (key for (key,) in rows)


@contextmanager
def listed(place: StorageRoot, prefix: str = "", *, sizes: bool = True) -> Iterator[Listing]:
    """List a place, quarantine aside. Raises `StorageUnavailable`, also for an unmounted disk's empty
    folder.
    """
    table = f"photostore_listing_{next(_numbers)}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        started_at = cursor.fetchone()[0]
        cursor.execute(
            f"CREATE TEMPORARY TABLE {table} "
            '(kind text, key text COLLATE "C", byte_size bigint, modified_at double precision)'
        )
    try:
        yield Listing(place, prefix, table, started_at, _copy(_survey(place, prefix, sizes=sizes), table))
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE {table}")


def _survey(place: StorageRoot, prefix: str, *, sizes: bool) -> Iterator[Line]:
    known = place.confirm()
    try:
        yield from place.storage.survey(prefix, sizes=sizes)
    except StorageUnavailable:
        if known or place.is_used:
            raise
        # It answered a moment ago, holds nothing and is to hold nothing: a folder that was never made.


def _copy(lines: Iterator[Line], table: str) -> int:
    """The number of files among the lines."""
    files = 0
    texts = map(_text, lines)
    while batch := list(islice(texts, LINES_PER_COPY)):
        wanted = [text for text in batch if not text.startswith(_IN_QUARANTINE)]
        files += sum(text.startswith("file") for text in wanted)
        with (
            connection.cursor() as cursor,
            connection.wrap_database_errors,
            cursor.copy(f"COPY {table} FROM STDIN") as copy,
        ):
            copy.write("".join(wanted))
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {table}")
    return files


_IN_QUARANTINE = tuple(f"{kind}\t{QUARANTINE}" for kind in ("file", "partial", "unusable"))


def _text(line: Line) -> str:
    kind, key, byte_size, modified_at = line
    if kind != "file":  # a key has no backslash; what is not one is shown with them
        key = key.replace("\\", "\\\\")
    if byte_size is None:
        return f"{kind}\t{key}\t\\N\t\\N\n"
    return f"{kind}\t{key}\t{byte_size}\t{modified_at}\n"
