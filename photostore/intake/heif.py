"""What the boxes of a HEIF file (HEIC, AVIF) say of its primary picture (ISO/IEC 23008-12, 14496-12)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress

from photostore.intake.colours import Cicp


def stated_colours(data: bytes) -> Cicp | None:
    """The `nclx` of the primary picture, where it has no profile, which would go first."""
    with suppress(struct.error, LookupError, StopIteration):
        items = Items(data)
        properties = [body for kind, body in items.described() if kind == b"colr"]
        if any(body[:4] in {b"prof", b"rICC"} for body in properties):
            return None
        for body in properties:
            if body[:4] == b"nclx":
                return Cicp(*struct.unpack(">HH", body[4:8]))
    return None


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


def stated_profile(data: bytes) -> bytes | None:
    """The ICC profile of the primary picture."""
    with suppress(struct.error, LookupError, StopIteration):
        for kind, body in Items(data).described():
            if kind == b"colr" and body[:4] in {b"prof", b"rICC"}:
                return body[4:]
    return None


class Items:
    """The items of a file: what each is, what describes it, what it is made of, and its bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        meta = next((body[4:] for kind, body in boxes(data) if kind == b"meta"), b"")
        self.parts = dict(boxes(meta))
        pitm = self.parts[b"pitm"]
        self.primary = _number(pitm, 4, 4 if pitm[0] else 2)
        self.kinds = dict(_kinds(self.parts[b"iinf"]))
        self.places = dict(_places(self.parts[b"iloc"]))
        self.references = list(_references(self.parts.get(b"iref", bytes(4))))
        described = list(boxes(self.parts[b"iprp"]))
        self._known = list(boxes(next(body for kind, body in described if kind == b"ipco")))
        self._used: dict[int, list[int]] = {}
        for kind, body in described:
            if kind == b"ipma":
                self._used |= _associations(body)

    def properties(self, item: int) -> list[tuple[bytes, bytes]]:
        """Kind and body of each, in the order in which they are to be applied."""
        return [self._known[index - 1] for index in self._used.get(item, ()) if index]

    def described(self) -> list[tuple[bytes, bytes]]:
        """What describes the primary picture; cameras say its colours of the tiles of a grid only."""
        tiles = self.parts_of(self.primary)
        return [*self.properties(self.primary), *(self.properties(tiles[0]) if tiles else ())]

    def one(self, item: int, kind: bytes) -> bytes | None:
        return next((body for name, body in self.properties(item) if name == kind), None)

    def parts_of(self, item: int, by: bytes = b"dimg") -> list[int]:
        """The items that it refers to, in order."""
        return [
            to for kind, from_item, many in self.references if (kind, from_item) == (by, item) for to in many
        ]

    def bytes_of(self, item: int) -> bytes:
        """Raises IndexError where the file ends before."""
        method, extents = self.places[item]
        source = {0: self.data, 1: self.parts.get(b"idat", b"")}[method]
        if any(at + size > len(source) for at, size in extents):
            raise IndexError
        return b"".join(source[at : at + size] for at, size in extents)


def _kinds(iinf: bytes) -> Iterator[tuple[int, bytes]]:
    for name, body in boxes(iinf[8 if iinf[0] else 6 :]):
        if name == b"infe" and body[0] in {2, 3}:
            wide = 2 if body[0] == 2 else 4
            yield _number(body, 4, wide), body[4 + wide + 2 : 4 + wide + 6]


def _places(iloc: bytes) -> Iterator[tuple[int, tuple[int, list[tuple[int, int]]]]]:
    version = iloc[0]
    offset, length = iloc[4] >> 4, iloc[4] & 15
    base, index = iloc[5] >> 4, (iloc[5] & 15 if version else 0)
    wide, at = (2, 8) if version < 2 else (4, 10)
    for _item in range(_number(iloc, 6, wide)):
        item, at = _number(iloc, at, wide), at + wide
        method = 0
        if version:
            method, at = _number(iloc, at, 2) & 15, at + 2
        start = _number(iloc, at + 2, base)
        count, at = _number(iloc, at + 2 + base, 2), at + 4 + base
        extents = []
        for _extent in range(count):
            where = _number(iloc, at + index, offset)
            extents.append((start + where, _number(iloc, at + index + offset, length)))
            at += index + offset + length
        yield item, (method, extents)


def _references(iref: bytes) -> Iterator[tuple[bytes, int, list[int]]]:
    wide = 4 if iref[0] else 2
    for kind, body in boxes(iref[4:]):
        count = _number(body, wide, 2)
        yield kind, _number(body, 0, wide), [_number(body, wide + 2 + wide * at, wide) for at in range(count)]
