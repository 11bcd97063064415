"""Byte ranges of RFC 9110, section 14: one range per request."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ONE_RANGE = re.compile(r"bytes=\s*(\d{0,19})-(\d{0,19})\s*", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes `start` up to but not including `end`."""

    start: int
    end: int

    def content_range(self, byte_size: int) -> str:
        """The value of the Content-Range header."""
        return f"bytes {self.start}-{self.end - 1}/{byte_size}"


class Unsatisfiable(Exception):
    """The range lies outside the file: 416."""


def parse_range(header: str, byte_size: int) -> ByteRange | None:
    """The range that `header` asks for in a file of `byte_size` bytes.

    None where there is no range, several, or something malformed: the whole file is then the right
    answer (RFC 9110: a server may ignore the header). Raises `Unsatisfiable`.
    """
    match = _ONE_RANGE.fullmatch(header)
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if first == "":
        return _suffix(int(last), byte_size)
    start, end = int(first), int(last) + 1 if last else byte_size
    if end <= start and last:
        return None
    if start >= byte_size:
        raise Unsatisfiable
    return ByteRange(start, min(end, byte_size))


def _suffix(length: int, byte_size: int) -> ByteRange:
    if length == 0 or byte_size == 0:
        raise Unsatisfiable
    return ByteRange(max(byte_size - length, 0), byte_size)
