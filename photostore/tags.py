"""One XMP packet in a JPEG or PNG: spliced in, read and taken out without touching a pixel.

The packet's place is the standard one (ISO 16684-1, XMP part 3): an APP1 segment after SOI in a JPEG, an
uncompressed iTXt chunk after IHDR in a PNG. Its other contents are not interpreted. Taking it out gives
back the file as it was, byte for byte: `strip(embed(data, packet)) == data` for all that intake made.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from photostore.errors import InvalidFile

_SOI, _SOS, _APP1 = b"\xff\xd8", 0xDA, 0xE1
_JPEG_PREFIX = b"http://ns.adobe.com/xap/1.0/\0"
_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_HEAD_BYTES = len(_PNG_START) + 25  # the signature and IHDR, which has 13 bytes of data
# Keyword, no compression, method 0, no language, no translated keyword.
_PNG_PREFIX = b"XML:com.adobe.xmp\0\0\0\0\0"
# A segment's length has 16 bits and counts itself.
MAX_PACKET_BYTES = 0xFFFF - 2 - len(_JPEG_PREFIX)
# A camera writes a dozen segments before the pixels; a file with thousands is an attack.
_MAX_PARTS = 512


class _Place(NamedTuple):
    """Where a packet is: the whole part from `start` to `end`, what it says between the other two."""

    start: int
    packet_start: int
    packet_end: int
    end: int


def embed(data: bytes, packet: bytes) -> bytes:
    """`data` with `packet` as its only XMP packet.

    Raises InvalidFile when `data` is neither JPEG nor PNG or is damaged before its pixels, and
    ValueError for a packet of more than MAX_PACKET_BYTES.
    """
    if len(packet) > MAX_PACKET_BYTES:
        raise ValueError(f"An XMP packet has at most {MAX_PACKET_BYTES} bytes")
    bare = strip(data)
    if bare.startswith(_SOI):
        size = 2 + len(_JPEG_PREFIX) + len(packet)
        part = bytes((0xFF, _APP1)) + size.to_bytes(2, "big") + _JPEG_PREFIX + packet
        return _SOI + part + bare[len(_SOI) :]
    body = b"iTXt" + _PNG_PREFIX + packet
    part = (len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
    return bare[:_PNG_HEAD_BYTES] + part + bare[_PNG_HEAD_BYTES:]


def extract(data: bytes) -> bytes | None:
    """The first XMP packet before the pixels, or None. Raises InvalidFile as `embed` does."""
    place = next(_places(data), None)
    return data[place.packet_start : place.packet_end] if place else None


def strip(data: bytes) -> bytes:
    """`data` without any XMP packet before the pixels. Raises InvalidFile as `embed` does."""
    return split(data)[0]


def split(data: bytes) -> tuple[bytes, bytes | None]:
    """What `strip` gives, and the first packet that it takes out."""
    kept, at, packet = [], 0, None
    for place in _places(data):
        kept.append(data[at : place.start])
        at = place.end
        packet = data[place.packet_start : place.packet_end] if packet is None else packet
    return b"".join([*kept, data[at:]]), packet


def _places(data: bytes) -> Iterator[_Place]:
    if data.startswith(_SOI):
        return _jpeg_places(data)
    if data.startswith(_PNG_START) and data[8:16] == b"\0\0\0\rIHDR":
        return _png_places(data)
    raise InvalidFile(_("Only JPEG and PNG pictures can carry a tag."), code="untaggable")


def _jpeg_places(data: bytes) -> Iterator[_Place]:
    at = len(_SOI)
    for _part in range(_MAX_PARTS):
        if data[at : at + 1] != b"\xff" or len(data) < at + 4:
            raise _damaged()
        marker = data[at + 1]
        if marker == _SOS:
            return
        if marker == 0xFF:  # a filler byte before the marker is allowed
            at += 1
            continue
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if end < at + 4 or end > len(data):
            raise _damaged()
        if marker == _APP1 and data.startswith(_JPEG_PREFIX, at + 4, end):
            yield _Place(at, at + 4 + len(_JPEG_PREFIX), end, end)
        at = end
    raise _damaged()


def _png_places(data: bytes) -> Iterator[_Place]:
    at = len(_PNG_START)
    for _part in range(_MAX_PARTS):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if end > len(data):
            raise _damaged()
        kind = data[at + 4 : at + 8]
        if kind in {b"IDAT", b"IEND"}:
            return
        if kind == b"iTXt" and data.startswith(_PNG_PREFIX, at + 8, end - 4):
            yield _Place(at, at + 8 + len(_PNG_PREFIX), end - 4, end)
        at = end
    raise _damaged()


def _damaged() -> InvalidFile:
    return InvalidFile(_("The picture is damaged before its first pixel."), code="undecodable")
