"""Large HEIC and AVIF pictures, decoded and shrunk tile by tile, so that they are never whole in memory.

Phones write a grid of HEVC tiles (ISO/IEC 23008-12, 6.6.2.3), or one picture. FFmpeg decodes these in half
the time of libde265. Everything else that such a file may be (alpha, cropping, other codecs) is libheif's.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from photostore.intake import ffmpeg, vips
from photostore.intake.heif import Items

# swscale's numbers of the matrices of H.273 that it knows.
_MATRICES = {1: 1, 2: 5, 5: 5, 6: 5, 9: 9}
_FULL_RANGE, _LIMITED_RANGE = 2, 1
_DECODERS = {b"hvc1": "hevc", b"av01": "libdav1d"}
_PLAIN = {
    *(b"ispe", b"pixi", b"colr", b"hvcC", b"av1C", b"irot", b"imir"),
    *(b"pasp", b"clli", b"mdcv", b"cclv", b"udes"),
}


@dataclass(frozen=True, slots=True)
class Grid:
    """A picture made of equal tiles, row by row; one tile where it is no grid."""

    items: Items
    tiles: list[int]
    columns: int
    width: int
    height: int
    """Pixels of the whole, before it is turned."""


def grid_of(data: bytes) -> Grid | None:
    """The primary picture as a grid; None where it is something that this module does not read."""
    with suppress(struct.error, LookupError, StopIteration):
        items = Items(data)
        kind, primary = items.kinds[items.primary], items.primary
        names = {name for name, _body in items.properties(primary)}
        if not names <= _PLAIN or _has_alpha(items) or _matrix(items) not in _MATRICES:
            return None
        if kind in _DECODERS:
            width, height = _size(items, primary)
            return Grid(items, [primary], 1, width, height)
        if kind == b"grid":
            return _real_grid(items)
    return None


def _real_grid(items: Items) -> Grid | None:
    said, tiles = items.bytes_of(items.primary), items.parts_of(items.primary)
    rows, columns = said[2] + 1, said[3] + 1
    width, height = struct.unpack_from(">II" if said[1] & 1 else ">HH", said, 4)
    kinds = {(items.kinds[tile], items.one(tile, b"hvcC")) for tile in tiles}
    if len(tiles) != rows * columns or len(kinds) != 1 or items.kinds[tiles[0]] not in _DECODERS:
        return None
    across, down = _size(items, tiles[0])
    is_covered = columns * across >= width and rows * down >= height
    return Grid(items, tiles, columns, width, height) if is_covered else None


def decoded(grid: Grid, shrink: int) -> vips.Image:
    """The picture at 1/shrink of its size, upright, in 8 or 16 bits. Raises whatever the decoder raises."""
    across, down = _size(grid.items, grid.tiles[0])
    while across % shrink or down % shrink:
        shrink //= 2
    across, down = across // shrink, down // shrink
    rows = len(grid.tiles) // grid.columns
    canvas: Any = None
    for number, frame in enumerate(_frames(grid)):
        pixels = _pixels(frame, across, down, grid.items)
        if canvas is None:
            canvas = np.empty((rows * down, grid.columns * across, 3), pixels.dtype)
        row, column = divmod(number, grid.columns)
        canvas[row * down : (row + 1) * down, column * across : (column + 1) * across] = pixels
    image = vips.Image.new_from_array(canvas)
    image = image.copy(interpretation="rgb16" if canvas.dtype == np.uint16 else "srgb")
    image = image.crop(0, 0, max(1, grid.width // shrink), max(1, grid.height // shrink))
    return _turned(image, grid.items)


def _frames(grid: Grid) -> Iterator[Any]:
    """One for each tile. Raises ValueError where one is damaged or missing."""
    kind = _DECODERS[grid.items.kinds[grid.tiles[0]]]
    context: Any = ffmpeg.decoder(kind)
    context.extradata = grid.items.one(grid.tiles[0], b"hvcC")
    context.options = {"err_detect": "explode"}
    across, down = _size(grid.items, grid.tiles[0])
    count = 0
    for tile in (*grid.tiles, None):
        packet = None if tile is None else ffmpeg.packet(grid.items.bytes_of(tile))
        for frame in context.decode(packet):
            if frame.is_corrupt or (frame.width, frame.height) != (across, down):
                raise ValueError("A tile is damaged.")
            count += 1
            yield frame
    if count != len(grid.tiles):
        raise ValueError("A tile is missing.")


def _pixels(frame: Any, width: int, height: int, items: Items) -> Any:
    deep = frame.format.components[0].bits > 8
    stated = _nclx(items)
    is_full = stated[7 + 3] & 0x80 if stated else frame.color_range != _LIMITED_RANGE
    shown = ffmpeg.reformatted(
        frame,
        width,
        height,
        "rgb48le" if deep else "rgb24",
        src_colorspace=_MATRICES[_matrix(items)] if stated else None,
        interpolation="AREA",
        src_color_range=_FULL_RANGE if is_full else _LIMITED_RANGE,
        dst_color_range=_FULL_RANGE,
        threads=1,
    )
    plane = shown.planes[0]
    row = width * 3 * (2 if deep else 1)
    lines: Any = np.frombuffer(memoryview(plane), np.uint8).reshape(height, plane.line_size)[:, :row]
    return np.ascontiguousarray(lines).view(np.uint16 if deep else np.uint8).reshape(height, width, 3)


def _turned(image: vips.Image, items: Items) -> vips.Image:
    """By its properties, in their order (23008-12, 6.5.10 and 6.5.12)."""
    for kind, body in items.properties(items.primary):
        if kind == b"irot":
            image = image.rot(("d0", "d270", "d180", "d90")[body[0] & 3])
        elif kind == b"imir":
            image = image.fliphor() if body[0] & 1 else image.flipver()
    return image


def _size(items: Items, item: int) -> tuple[int, int]:
    width, height = struct.unpack_from(">II", items.one(item, b"ispe") or b"", 4)
    return width, height


def _nclx(items: Items) -> bytes | None:
    stated = (body for kind, body in items.described() if kind == b"colr" and body[:4] == b"nclx")
    return next(stated, None)


def _matrix(items: Items) -> int:
    stated = _nclx(items)
    return struct.unpack_from(">H", stated, 8)[0] if stated else 2


def _has_alpha(items: Items) -> bool:
    """Depth and gain maps are auxiliary pictures, too (23008-12, B.2.5.3 and 6.6.2.1.1)."""
    told = [
        items.one(item, b"auxC") or b""
        for kind, item, many in items.references
        if kind == b"auxl" and items.primary in many
    ]
    return any(name in body for body in told for name in (b"auxid:1", b"alpha"))
