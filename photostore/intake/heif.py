"""What the boxes of a HEIF file (HEIC, AVIF) say of its primary picture (ISO/IEC 23008-12, 14496-12)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress

from photostore.intake.colours import Cicp


def stated_colours(data: bytes) -> Cicp | None:
    """The `nclx` of the primary picture, where it has no profile, which would go first."""
    with suppress(struct.error, IndexError, ValueError):
        properties = [body for kind, body in _primary_properties(data) if kind == b"colr"]
        if any(body[:4] in {b"prof", b"rICC"} for body in properties):
            return None
        for body in properties:
            if body[:4] == b"nclx":
                return Cicp(*struct.unpack(">HH", body[4:8]))
    return None


def _primary_properties(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    meta = next((body[4:] for kind, body in boxes(data) if kind == b"meta"), b"")
    parts = dict(boxes(meta))
    primary = _number(parts[b"pitm"], 4, 2 if parts[b"pitm"][0] == 0 else 4)
    described = list(boxes(parts[b"iprp"]))
    container = next(body for kind, body in described if kind == b"ipco")
    known = list(boxes(container))
    for kind, body in described:
        if kind == b"ipma":
            yield from (known[index - 1] for index in _associations(body).get(primary, ()) if index)


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and body of each box, up to the first that is none."""
    at = 0
    while at + 8 <= len(data):
        size, start = _number(data, at, 4), 8
        if size == 1:
            size, start = _number(data, at + 8, 8), 16
        size = size or len(data) - at
        if size < start:
            return
        yield data[at + 4 : at + 8], data[at + start : at + size]
        at += size


def _associations(body: bytes) -> dict[int, list[int]]:
    """Of `ipma`: for each item the numbers of its properties, from 1."""
    item_bytes, wide = (2 if body[0] == 0 else 4), body[3] & 1
    at, found = 8, {}
    for _entry in range(_number(body, 4, 4)):
        item, many = _number(body, at, item_bytes), body[at + item_bytes]
        at += item_bytes + 1
        step = 2 if wide else 1
        mask = 0x7FFF if wide else 0x7F
        found[item] = [_number(body, at + step * number, step) & mask for number in range(many)]
        at += step * many
    return found


def _number(data: bytes, at: int, size: int) -> int:
    if at + size > len(data):
        raise IndexError
    return int.from_bytes(data[at : at + size], "big")
