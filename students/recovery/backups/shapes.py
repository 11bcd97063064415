"""Where the students are in a backup that is not of ours, streamed: memory does not grow with the school.

A list; `students` in the outermost object or one below; one JSON document a line; and these mixed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, BinaryIO

import ijson

from students.recovery.backups.contents import InvalidBackup

CHUNK_BYTES = 65_536
# No entry and no value is so large; what claims to be wants to fill our memory.
MAX_ENTRY_BYTES = 1_048_576
DEEPEST = 32
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
STARTS, ENDS = {"start_map", "start_array"}, {"end_map", "end_array"}


def entries(file: BinaryIO, digest: Any) -> Iterator[Any]:
    """What stands where students stand; None for what is too large to be one. `digest` gets every byte.

    Raises `InvalidBackup` for what is not JSON, is cut off, or has no list of students.
    """
    if os.fstat(file.fileno()).st_size == 0:
        raise InvalidBackup("The file is not a backup: it is empty.")
    shape, events, silent_bytes = _Shape(), ijson.sendable_list(), 0
    parser = ijson.basic_parse_coro(events, multiple_values=True)
    while chunk := file.read(CHUNK_BYTES):
        first = file.tell() == len(chunk)
        digest.update(chunk)
        _send(parser, chunk.removeprefix(BYTE_ORDER_MARK) if first else chunk)
        silent_bytes = 0 if events else silent_bytes + len(chunk)
        if silent_bytes > MAX_ENTRY_BYTES:
            raise InvalidBackup("The file is not a backup: a value of it is too large.")
        for event, value in events:
            yield from shape.feed(event, value)
        del events[:]
        shape.grow(len(chunk))
    _send(parser, None)
    for event, value in events:
        yield from shape.feed(event, value)
    if not shape.is_backup:
        raise InvalidBackup("The file is not a backup: it has no list of students.")


def _send(parser: Any, chunk: bytes | None) -> None:
    try:
        parser.close() if chunk is None else parser.send(chunk)
    except (ijson.JSONError, ValueError, SystemError) as error:  # the last is ijson's for endless numbers
        raise InvalidBackup("The file is not a backup: it is not JSON, or is cut off.") from error


class _Shape:
    """Follows the parser's events, and builds what may be an entry and nothing else."""

    def __init__(self) -> None:
        self.is_backup = False
        self._depth = 0
        self._outer = 0  # where documents stand: 1 within a list
        self._items_at: int | None = None  # within a list called `students`
        self._key = ""
        self._builder: Any = None
        self._too_large = False
        self._built_at = self._built_bytes = 0

    def feed(self, event: str, value: Any) -> Iterator[Any]:
        """The next event; an entry where one is complete."""
        if event in ENDS:
            self._depth -= 1
        at = self._depth
        if event == "start_array" and self._is_list_of_students(at):
            self._items_at, self._builder, self._too_large, self.is_backup = at + 1, None, False, True
        elif self._items_at is not None and at < self._items_at:
            self._items_at = None
        elif self._begins_entry(event, at):
            self._builder, self._built_at, self._built_bytes = ijson.ObjectBuilder(), at, 0
        if self._too_large and at == self._built_at:
            self._too_large = False
            yield None
        if self._builder is not None:
            self._builder.event(event, value)
            if at == self._built_at and event not in STARTS:
                yield self._builder.value
                self.is_backup, self._builder = True, None
        self._follow(event, value)

    def grow(self, bytes_read: int) -> None:
        """So much more was read. An entry that is too large is given up; `students` may be in it still."""
        self._built_bytes += bytes_read
        if self._builder is not None and self._built_bytes > MAX_ENTRY_BYTES:
            self._builder, self._too_large = None, True

    def _follow(self, event: str, value: Any) -> None:
        if event == "map_key":
            self._key = value
            if value == "manifest" and self._depth == 1:
                raise InvalidBackup("The backup is damaged: it was changed after it was written.")
        elif event in STARTS:
            if self._depth == 0:
                self._outer = int(event == "start_array")
                self.is_backup |= event == "start_array"
            self._depth += 1
            if self._depth > DEEPEST:
                raise InvalidBackup("The file is not a backup: it is nested too deeply.")

    def _begins_entry(self, event: str, at: int) -> bool:
        if self._builder is not None or event == "map_key" or event in ENDS:
            return False
        if self._items_at is not None:
            return at == self._items_at
        return at == 1 == self._outer or (at == 0 and event != "start_array")

    def _is_list_of_students(self, at: int) -> bool:
        return self._items_at is None and self._key == "students" and at - self._outer in (1, 2)
