"""What a HEIC must be before pi-heif may see it."""

from __future__ import annotations

from collections.abc import Iterator

_ITEM_TYPE_AT = {2: 8, 3: 10}
"""Where the type begins behind the box's name: version and flags, the item's id (2 or 4 bytes), protection
(ISO/IEC 14496-12, 8.11.6.2)."""


def has_plain_item_names(data: bytes) -> bool:
    """Whether the types and names of all items are text.

    pi-heif 1.4.0 ends the whole process with a segmentation fault where one is not UTF-8.
    """
    return all(_is_text(entry) for meta in _boxes(data, b"meta") for entry in _item_entries(meta))


def _boxes(data: bytes, name: bytes) -> Iterator[bytes]:
    """The bodies of the top-level boxes called so (ISO/IEC 14496-12, 4.2)."""
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        size = size or len(data) - at
        if data[at + 4 : at + 8] == name:
            yield data[at + 8 : at + size]
        at += max(size, 8)


def _item_entries(meta: bytes) -> Iterator[bytes]:
    """What stands behind each `infe`, the name of an entry, to the end of its box."""
    at = meta.find(b"infe")
    while at >= 4:
        size = int.from_bytes(meta[at - 4 : at], "big")
        yield meta[at + 4 : at - 4 + size]
        at = meta.find(b"infe", at + 4)


def _is_text(entry: bytes) -> bool:
    start = _ITEM_TYPE_AT.get(entry[0] if entry else 0)
    try:
        entry[start or 0 :].decode()
    except UnicodeDecodeError:
        return False
    return start is not None
