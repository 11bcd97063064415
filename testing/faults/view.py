"""One look at the rows and the bytes, taken while no client writes and not through the application."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg
from psycopg.rows import namedtuple_row

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ROOT_MARKER = ".photokeep-root"
READERS = 8
TEMPORARY = re.compile(r"(?:.*/)?\.[0-9a-f]{32}\.part")
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


class Bucket(NamedTuple):
    client: S3Client
    name: str


Storage = Path | Bucket


def look(database_url: str, storages: Mapping[str, Storage]) -> View:
    """Rows first, in one snapshot; two aliases of one storage share what was found there."""
    with psycopg.connect(database_url, row_factory=namedtuple_row) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        rows = {
            name: connection.execute(f"SELECT * FROM {table} ORDER BY id").fetchall()
            for name, table in TABLES.items()
        }
    seen = {storage: _contents(storage) for storage in set(storages.values())}
    return View(**rows, contents={alias: seen[storage] for alias, storage in storages.items()})


def _contents(storage: Storage) -> dict[str, bytes]:
    """Every key and its bytes, temporary files included."""
    if isinstance(storage, Path):
        found = {path.relative_to(storage).as_posix(): path for path in storage.rglob("*") if path.is_file()}
        return {key: path.read_bytes() for key, path in found.items() if key != ROOT_MARKER}
    client, bucket = storage
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
    with ThreadPoolExecutor(READERS) as pool:
        answers = pool.map(lambda key: client.get_object(Bucket=bucket, Key=key)["Body"].read(), keys)
        return dict(zip(keys, answers, strict=True))


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
