"""Files that mean harm, or were harmed: a refusal with a plain sentence, and nothing else."""

from __future__ import annotations

import contextlib
import io
import random
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from photostore.errors import FileTooLarge, InvalidFile
from photostore.intake import FORMATS, ImageLimits, sniff, take_in_image, vips
from photostore.tests.hostile_pictures import PAYLOAD, Hostile, hostile
from photostore.tests.odd_pictures import odd, quarters
from testing.phone import phone_jpeg
from testing.pictures import heic, portrait, saved

PHOTOS = ImageLimits(formats=frozenset({"jpeg", "png", "gif", "webp", "heic", "avif"}), max_bytes=20 * 2**20)
EVERYTHING = ImageLimits(formats=frozenset(FORMATS), max_bytes=2**20, max_pixels=2**20, animation=True)
each_hostile = pytest.mark.parametrize("file", list(hostile()), ids=lambda file: file.name)


@each_hostile
def test_hostile_files_are_refused_or_disarmed(file: Hostile) -> None:
    if file.code:
        with pytest.raises(InvalidFile) as refusal:
            take_in_image(file.data, filename=file.filename, limits=PHOTOS)
        assert refusal.value.code == file.code
        assert str(refusal.value).endswith(".")
        assert str(refusal.value).isprintable()  # nothing of a hostile name is repeated
    else:
        assert PAYLOAD in file.data
        clean = take_in_image(file.data, filename=file.filename, limits=PHOTOS)
        for rendition in (clean.picture, *clean.thumbnails.values()):
            assert b"PAYLOAD" not in rendition.data
            assert b"PK\x03\x04" not in rendition.data


def test_a_refusal_says_what_it_was_and_what_is_allowed() -> None:
    photos = ImageLimits(formats=frozenset({"jpeg", "png"}), max_bytes=2**20)
    with pytest.raises(InvalidFile) as refusal:
        take_in_image(saved(quarters(), "TIFF"), filename="a.tif", limits=photos)
    assert str(refusal.value) == "TIFF files cannot be taken here. Allowed: JPEG, PNG."


def test_too_many_bytes_are_refused_before_anything_is_looked_at() -> None:
    small = ImageLimits(formats=frozenset({"jpeg"}), max_bytes=2**20)
    with pytest.raises(FileTooLarge) as refusal:
        take_in_image(bytes(2**20 + 1), filename="a.jpg", limits=small)
    assert refusal.value.code == "file_too_large"
    assert str(refusal.value) == "The file is larger than 1 MB."


def test_pixels_are_counted_over_the_frames_that_are_kept() -> None:
    frames = [Image.new("L", (100, 100), at * 50) for at in range(5)]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    still = ImageLimits(formats=frozenset({"gif"}), max_bytes=2**20, max_pixels=40_000)
    moving = ImageLimits(formats=frozenset({"gif"}), max_bytes=2**20, max_pixels=40_000, animation=True)
    assert take_in_image(data, filename="a.gif", limits=still).picture.width == 100
    with pytest.raises(InvalidFile) as refusal:
        take_in_image(data, filename="a.gif", limits=moving)
    assert refusal.value.code == "too_many_pixels"


def test_an_animation_of_very_many_tiny_frames_is_refused() -> None:
    head = b"GIF89a\1\0\1\0\x80\0\0" + bytes(6)
    frame = b"\x21\xf9\4\0\1\0\0\0\x2c\0\0\0\0\1\0\1\0\0\2\2\x44\1\0"
    moving = ImageLimits(formats=frozenset({"gif"}), max_bytes=2**20, animation=True)
    with pytest.raises(InvalidFile) as refusal:
        take_in_image(head + frame * 2000 + b";", filename="a.gif", limits=moving)
    assert refusal.value.code == "too_many_frames"


def test_a_tiff_of_several_pages_is_refused_rather_than_cut() -> None:
    data = saved(quarters(), "TIFF", save_all=True, append_images=[quarters()])
    with pytest.raises(InvalidFile) as refusal:
        take_in_image(data, filename="a.tiff", limits=EVERYTHING)
    assert refusal.value.code == "several_pages"


@pytest.mark.parametrize("compression", ["tiff_lzw", "group4"])
def test_a_tiff_with_damaged_strips_is_refused(compression: str) -> None:
    noise = Image.effect_noise((300, 300), 80).convert("1" if compression == "group4" else "L")
    data = bytearray(saved(noise, "TIFF", compression=compression))
    data[1000:3000] = b"\xff" * 2000
    with pytest.raises(InvalidFile) as refusal:
        take_in_image(bytes(data), filename="a.tif", limits=EVERYTHING)
    assert refusal.value.code == "undecodable"


@pytest.mark.parametrize("kind", ["BMP", "GIF", "PNG", "WEBP", "TIFF"])
def test_half_a_picture_is_refused(kind: str) -> None:
    whole = saved(Image.effect_noise((300, 300), 80), kind)
    with pytest.raises(InvalidFile) as refusal:
        take_in_image(whole[: len(whole) // 2], filename=f"a.{kind.lower()}", limits=EVERYTHING)
    assert refusal.value.code == "undecodable"


def test_a_bmp_bomb_is_refused_by_its_header() -> None:
    bomb = bytearray(saved(quarters(), "BMP"))
    bomb[18:26] = (30_000).to_bytes(4, "little") * 2
    with pytest.raises(InvalidFile) as refusal:
        take_in_image(bytes(bomb), filename="a.bmp", limits=EVERYTHING)
    assert refusal.value.code == "too_many_pixels"


def test_filler_bytes_that_cost_no_pixel_are_forgiven() -> None:
    jpeg = saved(quarters(), "JPEG", quality=95)
    at = jpeg.index(b"\xff\xda")
    clean = take_in_image(jpeg[:at] + bytes(7) + jpeg[at:], filename="a.jpg", limits=PHOTOS)
    red, green, _blue = Image.open(io.BytesIO(clean.picture.data)).getpixel((10, 10))
    assert red > 200 > green


SEEDS = [(picture.filename, picture.data) for picture in odd() if len(picture.data) < 40_000]
SEEDS += [("a.jpg", phone_jpeg(1, 0.05)), ("a.heic", heic(quarters(320, 240)))]


def taken_or_refused(data: bytes, filename: str) -> None:
    with contextlib.suppress(InvalidFile, FileTooLarge):
        clean = take_in_image(data, filename=filename, limits=EVERYTHING)
        Image.open(io.BytesIO(clean.picture.data)).load()


@settings(max_examples=250, deadline=None)
@given(seed=st.sampled_from(SEEDS), share=st.floats(0, 1))
def test_any_truncation_is_taken_or_refused(seed: tuple[str, bytes], share: float) -> None:
    filename, data = seed
    taken_or_refused(data[: int(len(data) * share)], filename)


@settings(max_examples=500, deadline=None)
@given(seed=st.sampled_from(SEEDS), luck=st.randoms(use_true_random=False), changes=st.integers(1, 12))
def test_any_mutation_is_taken_or_refused(seed: tuple[str, bytes], luck: random.Random, changes: int) -> None:
    filename, data = seed
    damaged = bytearray(data)
    for _change in range(changes):
        # Half of the blows go to the head, where the lies are told.
        reach = len(damaged) if luck.random() < 0.5 else min(len(damaged), 400)
        damaged[luck.randrange(reach)] = luck.choice((0, 1, 0x7F, 0x80, 0xFF, luck.randrange(256)))
    taken_or_refused(bytes(damaged), filename)


@settings(max_examples=200, deadline=None)
@given(name=st.sampled_from(sorted(FORMATS)), tail=st.binary(max_size=400), cut=st.integers(2, 64))
def test_noise_behind_a_true_head_is_taken_or_refused(name: str, tail: bytes, cut: int) -> None:
    ending = FORMATS[name].extensions[0]
    head = next(data for filename, data in SEEDS if filename.endswith(f".{ending}"))
    taken_or_refused(head[:cut] + tail, f"a.{ending}")


def vips_file(width: int, height: int, *, bands: int, sample: str, ending: str) -> bytes:
    """A picture of one colour, written row by row: a few kilobytes that claim gigabytes."""
    black = vips.Image.black(width, height, bands=bands).cast(sample)
    interpretation = "rgb16" if sample == "ushort" else "multiband" if bands > 4 else "srgb"
    options = {"compression": "deflate"} if ending == ".tif" else {}
    return bytes(black.copy(interpretation=interpretation).write_to_buffer(ending, **options))


@pytest.mark.parametrize(
    ("shape", "code"),
    [
        ({"width": 70_000, "height": 1, "bands": 3, "sample": "uchar", "ending": ".png"}, "odd_shape"),
        ({"width": 1, "height": 70_000, "bands": 3, "sample": "uchar", "ending": ".png"}, "odd_shape"),
        ({"width": 70_000, "height": 1, "bands": 4, "sample": "ushort", "ending": ".png"}, "odd_shape"),
        ({"width": 64, "height": 64, "bands": 64, "sample": "uchar", "ending": ".tif"}, "odd_shape"),
        (
            {"width": 8_000, "height": 8_000, "bands": 5, "sample": "ushort", "ending": ".tif"},
            "too_many_pixels",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "x".join(str(part) for part in value.values()),
)
def test_what_pixels_do_not_measure_is_refused_from_the_header(
    shape: dict[str, Any], code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = vips_file(**shape)
    monkeypatch.setattr("photostore.intake.take_in._rendered", lambda *_: pytest.fail("decoded"))
    everything = ImageLimits(formats=frozenset(FORMATS), max_bytes=20 * 2**20)
    with pytest.raises(InvalidFile) as refusal:
        take_in_image(data, filename=f"a{shape['ending']}", limits=everything)
    assert refusal.value.code == code


@pytest.mark.parametrize("bits", [4, 8])
def test_a_packed_bmp_is_unpacked_as_pillow_would(bits: int) -> None:
    """Runs, pixels as they are, ends of lines and of the picture."""
    plain = b"\0\4\x12\x30" if bits == 4 else b"\0\4\2\3\2\1"
    first = b"\x05\x12" + plain + b"\x03\x01\0\0"
    pixels = first + b"".join(bytes([12, number, 0, 0]) for number in range(1, 6)) + b"\0\1"
    palette = bytes(value for at in range(2**bits) for value in (at * 40 % 256, at * 90 % 256, at, 0))
    info = struct.pack("<IiiHHIIiiII", 40, 12, 6, 1, bits, 3 - bits // 4, len(pixels), 0, 0, 2**bits, 0)
    at = 14 + len(info) + len(palette)
    data = b"BM" + struct.pack("<IHHI", at + len(pixels), 0, 0, at) + info + palette + pixels
    kept = ImageLimits(formats=frozenset(FORMATS), max_bytes=2**20, max_side=None, keep_format=True)
    shown = take_in_image(data, filename="a.bmp", limits=kept).picture.data
    ours, pillows = (Image.open(io.BytesIO(file)).convert("RGB").tobytes() for file in (shown, data))
    assert ours == pillows
    with pytest.raises(InvalidFile) as refusal:
        take_in_image(data[:-4], filename="a.bmp", limits=kept)
    assert refusal.value.code == "undecodable"


def test_a_jpeg_that_lacks_only_its_end_marker_is_whole() -> None:
    whole = saved(quarters(), "JPEG")
    assert whole.endswith(b"\xff\xd9")
    kept = take_in_image(whole[:-2], filename="a.jpg", limits=PHOTOS)
    assert kept.pixel_sha256 == take_in_image(whole, filename="a.jpg", limits=PHOTOS).pixel_sha256


@pytest.mark.parametrize("progressive", [False, True], ids=["one scan", "progressive"])
def test_a_jpeg_that_is_cut_anywhere_before_its_end_marker_is_refused(progressive: bool) -> None:
    whole = saved(portrait(3, 160, 200), "JPEG", progressive=progressive, quality=90)
    scans = [at for at in range(len(whole) - 1) if whole[at : at + 2] == b"\xff\xda"]
    cuts = {*range(scans[0] + 20, len(whole) - 4, 97), *(scans[1:])}
    for cut in sorted(cuts):
        with pytest.raises(InvalidFile):
            take_in_image(whole[:cut], filename="a.jpg", limits=PHOTOS)


@pytest.mark.parametrize("name", ["GIF", "WEBP"])
def test_an_animation_that_is_cut_anywhere_is_refused(name: str) -> None:
    frames = [portrait(seed, 60, 80) for seed in range(6)]
    whole = saved(frames[0], name, save_all=True, append_images=frames[1:])
    moving = ImageLimits(formats=frozenset({"gif", "webp"}), max_bytes=2**20, animation=True)
    kept = take_in_image(whole, filename=f"a.{name.lower()}", limits=moving).picture
    assert Image.open(io.BytesIO(kept.data)).n_frames == 6
    for cut in range(40, len(whole) - 1, max(1, len(whole) // 60)):
        with pytest.raises(InvalidFile):
            take_in_image(whole[:cut], filename=f"a.{name.lower()}", limits=moving)


@pytest.mark.parametrize("text", [b"application/rdf+xml", b"Exif"])
def test_a_heic_whose_item_names_are_no_text_is_refused(text: bytes) -> None:
    """pi-heif would end the process: a worker with everybody's requests."""
    whole = next(picture.data for picture in odd() if sniff(picture.data) == "heic" and text in picture.data)
    assert take_in_image(whole, filename="a.heic", limits=PHOTOS).source_format == "heic"
    damaged = whole.replace(text, b"\x80" + text[1:])
    with pytest.raises(InvalidFile) as refusal:
        take_in_image(damaged, filename="a.heic", limits=PHOTOS)
    assert refusal.value.code == "undecodable"
