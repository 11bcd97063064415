"""One look at the rows and the bytes, taken while nobody writes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import namedtuple_row

from testing.torture.places import TEMPORARY, Place

Row = Any
TABLES = {
    "students": "students_student",
    "versions": "students_studentphoto",
    "register": "photostore_storedfile",
    "pending": "photostore_pendingremoval",
    "quarantined": "photostore_quarantinedfile",
}


@dataclass(frozen=True)
class View:
    """The tables that speak of photos, and per storage alias what is there under which key."""

    students: list[Row]
    versions: list[Row]
    register: list[Row]
    pending: list[Row]
    quarantined: list[Row]
    contents: Mapping[str, Mapping[str, bytes]]

    def sha256(self, alias: str, key: str) -> str | None:
        """Of the bytes that are there; None for none."""
        data = self.contents[alias].get(key)
        return None if data is None else sha256(data)

    def files(self) -> dict[tuple[int, str], bytes]:
        """Everything under a final name, each file once, however many aliases lead to it."""
        return {
            (id(content), key): data
            for content in self.contents.values()
            for key, data in content.items()
            if not TEMPORARY.fullmatch(key)
        }


def look(database_url: str, places: Mapping[str, Place]) -> View:
    """Rows first, in one snapshot; two aliases of one place share what was found there."""
    with psycopg.connect(database_url, row_factory=namedtuple_row) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        rows = {
            name: connection.execute(f"SELECT * FROM {table} ORDER BY id").fetchall()
            for name, table in TABLES.items()
        }
    seen: dict[Place, dict[str, bytes]] = {}
    for place in places.values():
        if place not in seen:
            seen[place] = place.contents()
    return View(**rows, contents={alias: seen[place] for alias, place in places.items()})


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
