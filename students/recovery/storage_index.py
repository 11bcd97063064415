"""The storage index: students' files that were read, each once, with what their bytes and their keys say.

A temporary table, filled in batches and streamed, so that memory stays flat at a million files; whoever
restores, migrates, matches or erases asks it by queries. It belongs to the database session.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from itertools import islice
from typing import Any

from django.db import connection

from students.key_claims import claim_of
from students.recovery.unowned import Location, UnownedFile

BATCH = 1_000
# As the dataclass has them.
FILE_COLUMNS = ", ".join(one.name for one in fields(UnownedFile))
# `person`: whose it once was. `moment`: of which half-day it is. From `role` on, what the key claims.
_CREATE = """
DROP TABLE IF EXISTS {table};
CREATE TEMPORARY TABLE {table} (id bigserial PRIMARY KEY, storage_alias text, key text COLLATE "C",
    stored_at text, byte_size bigint, modified_at timestamptz, sha256 text, bare_sha256 text,
    content_type text, named_student uuid, number_hash text, attendance text, note text, deleted boolean,
    by_newest_key boolean, person text COLLATE "C", moment text, role text, folder uuid, old_pk bigint,
    stem text, file_id bigint)
"""
_COLUMNS = f"{FILE_COLUMNS}, person, moment, role, folder, old_pk, stem, file_id"
_JOINED = "sha256, bare_sha256, named_student, number_hash, folder, old_pk"
# Columns end with a NUL and what is none is a 1 at first: no key has such characters.
_ESCAPED = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r", "\0": "\t", "\1": r"\N"})


class StorageIndex:
    """One table. `name` says what for: of one name there is one in a session, the last."""

    def __init__(self, name: str, files: Iterable[UnownedFile]) -> None:
        self.table = f"storage_index_{name}"
        self._run(_CREATE.format(table=self.table))
        self.add(files)

    def add(self, files: Iterable[UnownedFile]) -> None:
        remaining = iter(files)
        # Read first, then copied: a slow or failing storage is never read inside a COPY.
        while batch := list(islice(remaining, BATCH)):
            text = "".join(map(_line, batch))
            with (
                connection.cursor() as cursor,
                connection.wrap_database_errors,
                cursor.copy(f"COPY {self.table} ({_COLUMNS}) FROM STDIN") as copy,
            ):
                copy.write(text)
        # Nobody else analyses a temporary table; not what no statement joins by.
        self._run(f"ANALYZE {self.table} ({_JOINED})")

    def index(self, *columns: str) -> None:
        for column in columns:
            self._run(f"CREATE INDEX ON {self.table} ({column})")

    def files(self, condition: str = "true", values: Any = ()) -> Iterator[UnownedFile]:
        """Those that fulfil an SQL condition, in the order of reading; at most a batch is in memory."""
        sql = f"SELECT {FILE_COLUMNS} FROM {self.table} WHERE {condition} ORDER BY id"  # noqa: S608
        with connection.chunked_cursor() as cursor:
            cursor.execute(sql, values)
            while rows := cursor.fetchmany(BATCH):
                yield from (UnownedFile(*row) for row in rows)

    def those_not_in(self, locations: Iterable[Location]) -> Iterator[Location]:
        sql = f"SELECT storage_alias, stored_at FROM {self.table} WHERE stored_at = ANY(%s)"  # noqa: S608
        remaining = iter(locations)
        while batch := list(islice(remaining, BATCH)):
            with connection.cursor() as cursor:
                cursor.execute(sql, [[one.stored_at for one in batch]])
                known = set(cursor.fetchall())
            yield from (one for one in batch if (one.storage_alias, one.stored_at) not in known)

    def file_refs(self, column: str, value: str) -> list[tuple[str, str]]:
        """Storage alias and key of the first few files with this value."""
        sql = f"SELECT storage_alias, stored_at FROM {self.table} WHERE {column} = %s LIMIT 5"  # noqa: S608
        with connection.cursor() as cursor:
            cursor.execute(sql, [value])
            return [(alias, key) for alias, key in cursor.fetchall()]

    @staticmethod
    def _run(sql: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql)


def _line(file: UnownedFile) -> str:
    place = claim_of(file.key)
    values = (
        *(file.storage_alias, file.key, file.stored_at, file.byte_size, file.modified_at, file.sha256),
        *(file.bare_sha256, file.content_type, file.named_student, file.number_hash, file.attendance),
        *(file.note, file.deleted, file.by_newest_key, file.named_student or place.folder or file.key),
        *(file.moment_at(place), place.role, place.folder, place.pk, place.stem, place.file_id),
    )
    return "\0".join(["\1" if one is None else str(one) for one in values]).translate(_ESCAPED) + "\n"
