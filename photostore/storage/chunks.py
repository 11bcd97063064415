"""Bytes on their way out: a file or a response body in pieces, closed when it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from typing import Protocol


class Source(Protocol):
    """An open file, or the body of a response."""

    def read(self, amount: int, /) -> bytes: ...
    def close(self) -> None: ...


class Chunks(Iterator[bytes]):
    """At most `byte_count` bytes of `source` (all of it with `None`), `chunk_bytes` at a time.

    A class and not a generator, so that one which was never started closes its source too.
    """

    def __init__(
        self,
        source: Source,
        *,
        byte_count: int | None,
        chunk_bytes: int,
        errors: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._source = source
        self._left = byte_count
        self._chunk_bytes = chunk_bytes
        self._errors = errors

    def __next__(self) -> bytes:
        wanted = self._chunk_bytes if self._left is None else min(self._chunk_bytes, self._left)
        chunk = b""
        if wanted > 0:
            with self._errors():
                chunk = self._source.read(wanted)
        if not chunk:
            self.close()
            self._left = 0
            raise StopIteration
        if self._left is not None:
            self._left -= len(chunk)
        return chunk

    def close(self) -> None:
        """Let go of the file or connection. May be called twice."""
        self._source.close()

    def __del__(self) -> None:
        with suppress(Exception):
            self.close()
