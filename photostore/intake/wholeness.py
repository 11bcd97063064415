"""Whether a file goes on to its end: decoders take what they need from its beginning, and say nothing."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

_GIF_HEADER_BYTES = 13
_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
# Where a picture or its frames are. What others append to a file need be no box at all.
_BOXES = frozenset({b"meta", b"moov", b"mdat"})
_MP_ENTRIES = 0xB002
_END_OF_JPEG = b"\xff\xd9"


def is_cut(data: bytes, name: str) -> bool:
    """Whether the end of a file of format `name` is missing, by what its container says of itself."""
    check = _CHECKS.get(name)
    return check is not None and check(data)


def _gif(data: bytes) -> bool:
    """Its blocks do not come to the trailer (GIF89a, appendix B: header, colour table, then blocks)."""
    try:
        at = _GIF_HEADER_BYTES + _table_bytes(data[10])
        while data[at] != _TRAILER:
            if data[at] == _EXTENSION:
                at = _after_sub_blocks(data, at + 2)
            elif data[at] == _IMAGE:
                at = _after_sub_blocks(data, at + 10 + _table_bytes(data[at + 9]) + 1)
            else:
                at += 1  # filler that decoders pass over, too
    except IndexError:
        return True
    return False


def _table_bytes(flags: int) -> int:
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _after_sub_blocks(data: bytes, at: int) -> int:
    while data[at]:
        at += data[at] + 1
    return at + 1


def _webp(data: bytes) -> bool:
    """RIFF states its own length."""
    return len(data) < 8 + int.from_bytes(data[4:8], "little")


def _png(data: bytes) -> bool:
    """Its chunks do not come to IEND. The frames of an animation follow the picture that decoders want."""
    at = 8
    while (kind := data[at + 4 : at + 8]) != b"IEND":
        if len(kind) < 4:
            return True
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    return False


def _boxes(data: bytes) -> bool:
    """A box of HEIC or AVIF goes on after the end (ISO/IEC 14496-12, section 4.2)."""
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if size == 1 and at + 16 <= len(data):
            size = struct.unpack_from(">Q", data, at + 8)[0]
        if kind in _BOXES and size and at + size > len(data):
            return True
        if size < 8:  # 0: to the end of the file
            return False
        at += size
    return False


def _jpeg(data: bytes) -> bool:
    """One of the further pictures of a file is there by half (CIPA DC-007). One that is not there at all was
    taken out by a tool that left the list of them as it was; and Pillow writes wrong lengths into it."""
    if data.endswith(_END_OF_JPEG):
        return False
    try:
        return any(start < len(data) < start + size for start, size in _further_pictures(data))
    except (struct.error, IndexError):
        return False


def _further_pictures(data: bytes) -> Iterator[tuple[int, int]]:
    """Where each begins, and how long it is."""
    for at in _segments(data, marker=0xE2):
        if data[at : at + 4] != b"MPF\0":
            continue
        base = at + 4
        order = "<" if data[base : base + 2] == b"II" else ">"
        table = base + struct.unpack_from(f"{order}I", data, base + 4)[0]
        for entry in range(struct.unpack_from(f"{order}H", data, table)[0]):
            tag, _kind, byte_count, place = struct.unpack_from(f"{order}HHII", data, table + 2 + 12 * entry)
            if tag == _MP_ENTRIES:
                for one in range(base + place, base + place + min(byte_count, 16 * 64), 16):
                    _attribute, size, offset = struct.unpack_from(f"{order}III", data, one)
                    if offset:  # 0: the first picture
                        yield base + offset, size
        return


def _segments(data: bytes, *, marker: int) -> Iterator[int]:
    """Where the contents of the segments with this marker begin, before the first scan."""
    at = 2
    while data[at] == 0xFF and data[at + 1] not in {0xDA, 0xD9}:
        if data[at + 1] == 0xFF:  # filler
            at += 1
            continue
        if data[at + 1] == marker:
            yield at + 4
        at += 2 + struct.unpack_from(">H", data, at + 2)[0]


_CHECKS: dict[str, Callable[[bytes], bool]] = {
    "gif": _gif,
    "webp": _webp,
    "png": _png,
    "heic": _boxes,
    "avif": _boxes,
    "jpeg": _jpeg,
}
