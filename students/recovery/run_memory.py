"""What a run over a large school remembers: on disk, not in Python's memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from tempfile import TemporaryFile
from weakref import finalize


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
