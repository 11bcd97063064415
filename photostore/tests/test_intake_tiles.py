"""Large HEIC pictures come out as pi-heif would show them, in a fraction of the memory."""

from __future__ import annotations

import io
import struct
from dataclasses import replace
from typing import Any

import numpy as np
import pi_heif
import pytest
from PIL import Image, ImageCms

from photostore.errors import InvalidFile
from photostore.intake import ImageLimits, decode, take_in_image
from photostore.intake.heif import Items, boxes
from photostore.tests.odd_pictures import quarters
from photostore.tests.stated_colours import P3, SRGB, check, corners, encoded, stating
from testing.pictures import heic, portrait, saved

PHOTOS = ImageLimits(formats=frozenset({"heic"}), max_bytes=20 * 2**20, max_side=160)


@pytest.fixture(autouse=True)
def by_tiles(monkeypatch: Any) -> None:
    monkeypatch.setattr(decode, "LARGE_HEIF_PIXELS", 0)


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + kind + body


def full(kind: bytes, body: bytes, version: int = 0) -> bytes:
    return box(kind, struct.pack(">I", version << 24) + body)


def grid(picture: Image.Image, side: int, *turns: bytes) -> bytes:
    """As phones write it: HEVC tiles of `side` pixels, the last ones filled up; `turns` are irot and imir."""
    columns, rows = -(-picture.width // side), -(-picture.height // side)
    parts = [
        picture.crop((x * side, y * side, (x + 1) * side, (y + 1) * side))
        for y in range(rows)
        for x in range(columns)
    ]
    files = [Items(heic(part, quality=95, chroma=444)) for part in parts]
    tiles = [file.bytes_of(file.primary) for file in files]
    first = files[0]
    shared = [box(kind, body) for kind, body in first.properties(first.primary) if kind in {b"hvcC", b"colr"}]
    size = full(b"ispe", struct.pack(">II", side, side))
    whole = full(b"ispe", struct.pack(">II", *picture.size))
    ipco = box(b"ipco", b"".join([*shared, size, whole, *turns]))
    count = len(shared)
    of_tile, of_whole = [*range(1, count + 2)], [count + 2, *range(count + 3, count + 3 + len(turns))]
    used = {1: of_whole} | dict.fromkeys(range(2, 2 + len(tiles)), of_tile)
    ipma = b"".join(struct.pack(">HB", item, len(which)) + bytes(which) for item, which in used.items())
    described = box(b"iprp", ipco + full(b"ipma", struct.pack(">I", len(used)) + ipma))
    kinds = {1: b"grid"} | dict.fromkeys(range(2, 2 + len(tiles)), b"hvc1")
    infos = [full(b"infe", struct.pack(">HH", item, 0) + kind + b"\0", 2) for item, kind in kinds.items()]
    iinf = full(b"iinf", struct.pack(">H", len(infos)) + b"".join(infos))
    said = struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, *picture.size)
    dimg = struct.pack(f">HH{len(tiles)}H", 1, len(tiles), *range(2, 2 + len(tiles)))
    rest = full(b"pitm", struct.pack(">H", 1)) + iinf + described + full(b"iref", box(b"dimg", dimg))
    rest += full(b"hdlr", bytes(4) + b"pict" + bytes(13)) + box(b"idat", said)

    def meta(start: int) -> bytes:
        entries = struct.pack(">HHHHII", 1, 1, 0, 1, 0, len(said))
        for number, tile in enumerate(tiles):
            entries += struct.pack(">HHHHII", 2 + number, 0, 0, 1, start, len(tile))
            start += len(tile)
        places = bytes([0x44, 0]) + struct.pack(">H", 1 + len(tiles)) + entries
        return full(b"meta", rest + full(b"iloc", places, 1))

    head = box(b"ftyp", b"heic" + bytes(4) + b"mif1heic")
    return head + meta(len(head) + len(meta(0)) + 8) + box(b"mdat", b"".join(tiles))


def irot(quarters: int) -> bytes:
    return box(b"irot", bytes([quarters]))


def imir(axis: int) -> bytes:
    return box(b"imir", bytes([axis]))


def likeness(data: bytes) -> float:
    """How far what is kept is from what pi-heif shows, on average."""
    clean = take_in_image(data, filename="a.heic", limits=PHOTOS)
    kept = Image.open(io.BytesIO(clean.picture.data)).convert("RGB")
    shown = pi_heif.open_heif(data).to_pillow().convert("RGB")
    assert shown.width * kept.height == pytest.approx(shown.height * kept.width, rel=0.02)
    expected = shown.resize(kept.size, Image.Resampling.LANCZOS)
    return float(np.abs(np.asarray(kept, float) - np.asarray(expected, float)).mean())


@pytest.mark.parametrize(
    "turns",
    [(), (irot(1),), (irot(2),), (irot(3),), (imir(0),), (imir(1),), (irot(1), imir(0)), (imir(1), irot(3))],
)
def test_a_grid_is_seen_as_pi_heif_shows_it(turns: tuple[bytes, ...], monkeypatch: Any) -> None:
    data = grid(portrait(1, 500, 360), 128, *turns)
    monkeypatch.setattr(decode, "_from_heif", lambda *_: pytest.fail("not by tiles"))
    assert likeness(data) < 3


@pytest.mark.parametrize("size", [(640, 480), (333, 251)])
def test_one_picture_that_is_no_grid(size: tuple[int, int]) -> None:
    assert likeness(heic(portrait(2, *size), quality=95)) < 3


def test_a_tile_that_is_damaged_or_missing_is_noticed() -> None:
    whole = grid(portrait(1, 500, 360), 128)
    unread = whole.replace(b"dimg" + b"\0\1\0\x0c", b"dimg" + b"\0\1\0\x0b")
    for broken in (whole[:-400], whole[: len(whole) // 2], unread):
        with pytest.raises(InvalidFile) as refusal:
            take_in_image(broken, filename="a.heic", limits=PHOTOS)
        assert refusal.value.code == "undecodable"


def test_alpha_is_left_to_pi_heif() -> None:
    picture = portrait(1, 300, 200)
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    assert take_in_image(heic(picture), filename="a.heic", limits=PHOTOS).picture.extension == "png"


def test_the_boxes_end_where_they_are_none() -> None:
    assert list(boxes(box(b"free", b"abc") + b"\0\0\0\4junk")) == [(b"free", b"abc")]


@pytest.mark.parametrize("by_tiles_at", [0, 2**24], ids=["by tiles", "by pi-heif"])
def test_colours_that_only_the_tiles_state(by_tiles_at: int, monkeypatch: Any) -> None:
    monkeypatch.setattr(decode, "LARGE_HEIF_PIXELS", by_tiles_at)
    wide = Image.fromarray(np.rint(encoded(quarters(256, 128), P3, SRGB) * 255).astype(np.uint8))
    check(corners(stating(grid(wide, 64), P3, SRGB), "a.heic"))


@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_an_avif_is_seen_as_pillow_shows_it(orientation: int, monkeypatch: Any) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    options = {"quality": 95, "exif": exif.tobytes(), "icc_profile": icc}
    data = saved(portrait(2, 333, 251), "AVIF", **options)
    limits = replace(PHOTOS, formats=frozenset({"avif"}))
    whole = take_in_image(data, filename="a.avif", limits=limits)
    monkeypatch.setattr(decode, "LARGE_HEIF_PIXELS", 2**24)
    usual = take_in_image(data, filename="a.avif", limits=limits)
    ours, theirs = (Image.open(io.BytesIO(one.picture.data)) for one in (whole, usual))
    assert ours.size == theirs.size
    assert np.abs(np.asarray(ours, float) - np.asarray(theirs, float)).mean() < 3
