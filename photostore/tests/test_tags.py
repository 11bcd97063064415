"""The tag that a photo may carry: in, out, and gone without a trace."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from photostore.errors import InvalidFile
from photostore.intake import ImageLimits, take_in_image
from photostore.tags import MAX_PACKET_BYTES, embed, extract, strip
from photostore.tests.odd_pictures import odd
from testing.phone import phone_jpeg
from testing.pictures import saved

PACKET = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>Alice</x:xmpmeta>"
_LIMITS = ImageLimits(formats=frozenset({"jpeg", "png"}), max_bytes=2**20)
CLEAN = [
    take_in_image(picture.data, filename=picture.filename, limits=_LIMITS).picture
    for picture in odd()
    if picture.filename.lower().endswith((".jpg", ".png"))
]
JPEG = next(picture.data for picture in CLEAN if picture.extension == "jpg")
PNG = next(picture.data for picture in CLEAN if picture.extension == "png")


@pytest.mark.parametrize("picture", CLEAN, ids=lambda picture: f"{picture.extension} {picture.sha256[:6]}")
def test_what_goes_in_comes_out_and_leaves_no_trace(picture: object) -> None:
    data = picture.data  # type: ignore[attr-defined]
    assert extract(data) is None
    tagged = embed(data, PACKET)
    assert extract(tagged) == PACKET
    assert strip(tagged) == data
    assert strip(data) == data
    before, after = (Image.open(io.BytesIO(found)).convert("RGBA") for found in (data, tagged))
    assert after.tobytes() == before.tobytes()


@pytest.mark.parametrize("data", [JPEG, PNG], ids=["jpeg", "png"])
def test_other_readers_find_the_packet(data: bytes) -> None:
    image = Image.open(io.BytesIO(embed(data, PACKET)))
    image.load()
    assert image.info["xmp"] == PACKET


@pytest.mark.parametrize("data", [JPEG, PNG], ids=["jpeg", "png"])
def test_a_new_packet_replaces_the_old(data: bytes) -> None:
    assert embed(embed(data, PACKET), b"Bob") == embed(data, b"Bob")


@settings(deadline=None)
@given(packet=st.binary(max_size=MAX_PACKET_BYTES), png=st.booleans())
def test_any_packet_survives(packet: bytes, png: bool) -> None:
    data = PNG if png else JPEG
    tagged = embed(data, packet)
    assert extract(tagged) == packet
    assert strip(tagged) == data


def test_a_packet_has_a_largest_size() -> None:
    assert extract(embed(JPEG, bytes(MAX_PACKET_BYTES))) == bytes(MAX_PACKET_BYTES)
    with pytest.raises(ValueError, match="at most"):
        embed(JPEG, bytes(MAX_PACKET_BYTES + 1))


def test_a_camera_s_file_can_be_read_too() -> None:
    assert extract(phone_jpeg(1, 0.1)) is None
    assert extract(embed(phone_jpeg(1, 0.1), PACKET)) == PACKET


def test_only_jpeg_and_png_carry_a_tag() -> None:
    for data in (b"", b"text", saved(Image.new("RGB", (4, 4)), "WEBP")):
        with pytest.raises(InvalidFile):
            embed(data, PACKET)


def test_endless_segments_are_refused_quickly() -> None:
    for data in (b"\xff\xd8" + b"\xff\xe2\0\2" * 2**20, b"\xff\xd8" + b"\xff" * 2**22):
        with pytest.raises(InvalidFile):
            extract(data)


@settings(max_examples=300, deadline=None)
@given(png=st.booleans(), cut=st.integers(0, 2000), tail=st.binary(max_size=200))
def test_hostile_bytes_never_raise_anything_else(png: bool, cut: int, tail: bytes) -> None:
    data = embed(PNG if png else JPEG, PACKET)[:cut] + tail
    for work in (extract, strip, lambda found: embed(found, b"x")):
        try:
            work(data)
        except InvalidFile:
            continue
