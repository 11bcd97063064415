"""What lies in a storage, read directly and not through the application."""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ROOT_MARKER = ".photokeep-root"
READERS = 8
TEMPORARY = re.compile(r"(?:.*/)?\.[0-9a-f]{32}\.part")


class Place(Protocol):
    """One folder or one bucket."""

    def contents(self) -> dict[str, bytes]:
        """Every key and its bytes, temporary files included."""


@dataclass(frozen=True)
class Disk:
    """A folder."""

    root: Path

    def contents(self) -> dict[str, bytes]:
        found = {}
        for folder, _folders, names in os.walk(self.root):
            for name in names:
                path = Path(folder, name)
                key = path.relative_to(self.root).as_posix()
                if key != ROOT_MARKER:
                    found[key] = path.read_bytes()
        return found


@dataclass(frozen=True)
class Bucket:
    """A bucket, asked behind the back of whatever stands before it."""

    client: S3Client
    name: str

    def contents(self) -> dict[str, bytes]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
        with ThreadPoolExecutor(READERS) as pool:
            return dict(zip(keys, pool.map(self._read, keys), strict=True))

    def _read(self, key: str) -> bytes:
        return self.client.get_object(Bucket=self.name, Key=key)["Body"].read()
