"""Whether the file of an animation is whole: decoders keep the frames that are there and say nothing."""

from __future__ import annotations

_HEADER_BYTES = 13
_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B


def is_cut(data: bytes, name: str) -> bool:
    """Of a GIF: its blocks do not come to the trailer. Of a WebP: its container says that it is longer."""
    if name == "webp":
        return len(data) < 8 + int.from_bytes(data[4:8], "little")
    try:
        return not _comes_to_the_trailer(data)
    except IndexError:
        return True


def _comes_to_the_trailer(data: bytes) -> bool:
    """GIF89a, appendix B: header, colour table, then blocks. Raises IndexError where the data end."""
    at = _HEADER_BYTES + _table_bytes(data[10])
    while data[at] != _TRAILER:
        if data[at] == _EXTENSION:
            at = _after_sub_blocks(data, at + 2)
        elif data[at] == _IMAGE:
            at = _after_sub_blocks(data, at + 10 + _table_bytes(data[at + 9]) + 1)
        else:
            at += 1  # filler that decoders pass over, too
    return True


def _table_bytes(flags: int) -> int:
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _after_sub_blocks(data: bytes, at: int) -> int:
    while data[at]:
        at += data[at] + 1
    return at + 1
