"""TIFFs of every kind are shown as they are meant, or refused with the true reason."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from photostore.errors import InvalidFile
from photostore.intake import FORMATS, CleanImage, ImageLimits, take_in_image, vips
from photostore.tests.odd_pictures import quarters
from testing.pictures import portrait, saved

KEPT = ImageLimits(formats=frozenset(FORMATS), max_bytes=20 * 2**20, max_side=None, keep_format=True)


def taken(data: bytes) -> CleanImage:
    return take_in_image(data, filename="a.tif", limits=KEPT)


def pixels(data: bytes) -> Any:
    return np.asarray(Image.open(io.BytesIO(taken(data).picture.data)).convert("RGB"), int)


def code_of(data: bytes) -> str:
    with pytest.raises(InvalidFile) as refusal:
        taken(data)
    return refusal.value.code


def tiles_in_planes(picture: Image.Image) -> bytes:
    """Uncompressed tiles of 32 by 32 pixels, first all that are red, then green, then blue."""
    planes = np.moveaxis(np.asarray(picture), -1, 0)
    tiles = [
        plane[top : top + 32, left : left + 32].tobytes()
        for plane in planes
        for top in range(0, picture.height, 32)
        for left in range(0, picture.width, 32)
    ]
    fields = {256: [picture.width], 257: [picture.height], 258: [8, 8, 8], 259: [1], 262: [2], 277: [3]}
    fields |= {284: [2], 322: [32], 323: [32], 324: [0] * len(tiles), 325: [1024] * len(tiles)}
    more_at, more = 8 + 2 + 12 * len(fields) + 4, b""
    first_tile = more_at + sum(4 * len(values) for values in fields.values() if len(values) > 1)
    fields[324] = [first_tile + 1024 * number for number in range(len(tiles))]
    entries = b""
    for tag, values in fields.items():
        body = struct.pack(f"<{len(values)}I", *values)
        at, more = (body, more) if len(values) == 1 else (struct.pack("<I", more_at + len(more)), more + body)
        entries += struct.pack("<HHI", tag, 4, len(values)) + at
    head = b"II*\0" + struct.pack("<IH", 8, len(fields))
    return head + entries + bytes(4) + more + b"".join(tiles)


def in_lab(picture: Image.Image) -> Image.Image:
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    converted = ImageCms.profileToProfile(picture, srgb, lab, outputMode="LAB")
    assert converted is not None
    return converted


@pytest.mark.parametrize(
    "data",
    [
        saved(quarters().convert("YCbCr"), "TIFF"),
        saved(quarters().convert("YCbCr"), "TIFF", compression="tiff_lzw"),
        saved(quarters(), "TIFF", compression="zstd"),
        saved(quarters(), "TIFF", compression="lzma"),
        saved(in_lab(quarters()), "TIFF"),
        tiles_in_planes(quarters()),
    ],
    ids=["YCbCr", "packed YCbCr", "ZSTD", "LZMA", "Lab", "tiles in planes"],
)
def test_a_rare_tiff_is_taken_in_its_colours(data: bytes) -> None:
    assert np.abs(pixels(data) - np.asarray(quarters(), int)).max() <= 10


def test_deep_grey_keeps_its_bits() -> None:
    ramp = np.tile(np.arange(96, dtype=np.uint16) * 600, (64, 1))
    for compression in ("zstd", "tiff_lzw"):
        kept = taken(saved(Image.fromarray(ramp), "TIFF", compression=compression)).picture
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(kept.data))), ramp)


@pytest.mark.parametrize("kind", [np.float32, np.int32])
def test_measurements_are_no_colours(kind: Any) -> None:
    assert code_of(saved(Image.fromarray(np.ones((40, 60), kind)), "TIFF")) == "unsupported_tiff"


def test_a_tile_that_cannot_be_unpacked_is_not_left_black() -> None:
    tile = vips.Image.new_from_memory(portrait(1, 300, 300).tobytes(), 300, 300, 3, "uchar")
    options = {"compression": "deflate", "tile": True, "tile_width": 64, "tile_height": 64}
    whole = bytes(tile.copy(interpretation="srgb").write_to_buffer(".tif", **options))
    assert taken(whole).picture.width == 300
    middle = len(whole) // 2
    assert code_of(whole[:middle] + b"\xff" * 3000 + whole[middle + 3000 :]) == "undecodable"


@pytest.mark.parametrize(("kind", "is_taken"), [(1, True), (0, False)], ids=["a smaller copy", "a page"])
def test_a_smaller_copy_inside_is_no_second_page(kind: int, is_taken: bool) -> None:
    small = quarters(48, 32)
    small.encoderinfo = {"tiffinfo": {254: kind}}
    data = saved(quarters(), "TIFF", save_all=True, append_images=[small])
    if is_taken:
        assert taken(data).picture.width == 96
    else:
        assert code_of(data) == "several_pages"
