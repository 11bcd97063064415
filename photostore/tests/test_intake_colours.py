"""Colours that a picture states by numbers come out as they are meant to be seen."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from photostore.intake import FORMATS, ImageLimits, take_in_image
from photostore.tests.odd_pictures import quarters
from photostore.tests.stated_colours import (
    ALL,
    BT709,
    BT2020,
    HLG,
    P3,
    PQ,
    SRGB,
    check,
    corners,
    encoded,
    stating,
)
from testing.pictures import saved

KEPT = ImageLimits(formats=frozenset(FORMATS), max_bytes=20 * 2**20, max_side=None, keep_format=True)


def png(codes: Any, primaries: int, transfer: int, *, bits: int) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    height, width, bands = codes.shape
    samples = np.rint(codes * (2**bits - 1)).astype(">u2" if bits == 16 else "u1")
    rows = b"".join(b"\0" + row.tobytes() for row in samples)
    head = struct.pack(">IIBBBBB", width, height, bits, 2 if bands == 3 else 6, 0, 0, 0)
    stated = chunk(b"cICP", bytes([primaries, transfer, 0, 1]))
    body = chunk(b"IHDR", head) + stated + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def heic(codes: Any, primaries: int, transfer: int) -> bytes:
    """In 10 bits, with an `nclx` that says so; the matrix of YCbCr stays what the encoder chose."""
    samples = np.rint(codes * 65535).astype("<u2")
    mode, size = ("RGB;16" if samples.ndim == 3 else "I;16"), (samples.shape[1], samples.shape[0])
    file = io.BytesIO()
    pillow_heif.encode(mode, size, samples.tobytes(), file, quality=95, chroma=444)
    return stating(file.getvalue(), primaries, transfer)


SPACES = [(P3, SRGB), (BT2020, PQ), (BT2020, HLG), (BT2020, SRGB), (BT709, PQ), (P3, HLG)]


@pytest.mark.parametrize(("primaries", "transfer"), SPACES)
def test_a_heic_that_states_its_colours(primaries: int, transfer: int) -> None:
    check(corners(heic(encoded(quarters(), primaries, transfer), primaries, transfer), "a.heic"))


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize(("primaries", "transfer"), SPACES)
def test_a_png_that_states_its_colours(primaries: int, transfer: int, bits: int) -> None:
    tolerance = 8 if bits == 16 or transfer == SRGB else 16
    codes = encoded(quarters(), primaries, transfer)
    data = png(codes, primaries, transfer, bits=bits)
    check(corners(data, "a.png"), tolerance=tolerance)
    check(corners(data, "a.png", KEPT), tolerance=tolerance)
    see_through = np.concatenate([codes, np.full((*codes.shape[:2], 1), 0.5)], axis=2)
    data = png(see_through, primaries, transfer, bits=bits)
    check(corners(data, "a.png", KEPT), tolerance=tolerance)
    picture = take_in_image(data, filename="a.png", limits=KEPT).picture
    assert abs(Image.open(io.BytesIO(picture.data)).convert("RGBA").getpixel((5, 5))[3] - 128) <= 1


def test_an_avif_that_states_its_colours() -> None:
    codes = np.rint(encoded(quarters(), P3, SRGB) * 255).astype(np.uint8)
    data = saved(Image.fromarray(codes), "AVIF", quality=95, subsampling="4:4:4")
    check(corners(stating(data, P3, SRGB), "a.avif"))


def test_what_is_brighter_than_paper_stays_bright_in_its_own_hue() -> None:
    lamp = np.full((40, 60, 3), 0.75)  # 983 cd/m2
    (white, *_others) = corners(png(lamp, BT2020, PQ, bits=16), "a.png")
    assert min(white) >= 250
    lamp[..., 1:] = 0.3
    (red, *_others) = corners(png(lamp, BT2020, PQ, bits=16), "a.png")
    assert red[0] >= 250
    assert max(red[1:]) < 120


@pytest.mark.parametrize("bits", [10, 12])
def test_grey_of_many_bits_is_no_white_picture(bits: int) -> None:
    grey = np.tile(np.linspace(0, 1, 96), (64, 1))
    file = io.BytesIO()
    samples = np.rint(grey * 65535).astype("<u2")
    pillow_heif.options.SAVE_HDR_TO_12_BIT = bits == 12
    try:
        pillow_heif.encode("I;16", (96, 64), samples.tobytes(), file, quality=95)
    finally:
        pillow_heif.options.SAVE_HDR_TO_12_BIT = False
    picture = take_in_image(file.getvalue(), filename="a.heic", limits=ALL).picture
    shown = np.asarray(Image.open(io.BytesIO(picture.data)).convert("L"), float)
    assert np.abs(shown - grey * 255).max() <= 6
