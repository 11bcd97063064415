"""What comes out of intake: looked at as bytes and as pixels."""

from __future__ import annotations

import datetime
import hashlib
import io
import re
import struct

import pytest
from PIL import Image

from photostore import keys
from photostore.intake import FORMATS, CleanImage, ImageLimits, Rendition, take_in_image
from photostore.tests.odd_pictures import PRIVATE, QUARTERS, Odd, odd, quarters
from testing.phone import phone_jpeg
from testing.pictures import heic, portrait, saved

ALL = ImageLimits(formats=frozenset(FORMATS), max_bytes=20 * 2**20)
KEPT = ImageLimits(
    formats=ALL.formats,
    max_bytes=ALL.max_bytes,
    max_side=None,
    jpeg_quality=95,
    animation=True,
    keep_format=True,
)
MOVING = ImageLimits(formats=ALL.formats, max_bytes=ALL.max_bytes, animation=True, webp_alpha=True)
ODD = list(odd())
each_odd = pytest.mark.parametrize("picture", ODD, ids=lambda picture: picture.name)


def shown(rendition: Rendition) -> Image.Image:
    image = Image.open(io.BytesIO(rendition.data))
    image.load()
    return image


def taken(image: Image.Image, name: str, limits: ImageLimits = ALL, **options: object) -> CleanImage:
    return take_in_image(saved(image, name, **options), filename=f"a.{name.lower()}", limits=limits)


def see_through(width: int = 96, height: int = 64) -> Image.Image:
    image = quarters(width, height)
    image.putalpha(Image.linear_gradient("L").resize((width, height)))
    return image


@each_odd
def test_odd_pictures_come_out_upright_in_their_colours(picture: Odd) -> None:
    clean = take_in_image(picture.data, filename=picture.filename, limits=ALL)
    image = shown(clean.picture).convert("RGBA").convert("RGB")
    assert image.size == picture.size == (clean.picture.width, clean.picture.height)
    places = [(x, y) for y in (1, 3) for x in (1, 3)]
    for (x, y), expected in zip(places, picture.corners or (), strict=bool(picture.corners)):
        found = image.getpixel((image.width * x // 4, image.height * y // 4))
        assert max(abs(a - b) for a, b in zip(found, expected, strict=True)) <= picture.tolerance


@pytest.mark.parametrize("limits", [ALL, KEPT, MOVING], ids=["photo", "kept", "moving"])
@each_odd
def test_no_tag_survives_in_any_rendition(picture: Odd, limits: ImageLimits) -> None:
    clean = take_in_image(picture.data, filename=picture.filename, limits=limits)
    for rendition in (clean.picture, *clean.thumbnails.values()):
        assert PRIVATE not in rendition.data
        for mark in (b"Exif\0", b"http://ns.adobe", b"xmpmeta", b"ICC_PROFILE", b"8BIM", b"MPF\0", b"GPS"):
            assert mark not in rendition.data
        if rendition.extension == "png":
            chunks = set(re.findall(rb"(eXIf|iCCP|tEXt|iTXt|zTXt|acTL|fdAT)", rendition.data))
            assert not chunks
        image = shown(rendition)
        assert not set(image.info) & {
            "exif",
            "xmp",
            "icc_profile",
            "photoshop",
            "comment",
            "XML:com.adobe.xmp",
        }
        if rendition.extension != "tif":  # a TIFF's own structure is made of the same tags
            assert not image.getexif()


def test_colours_are_converted_by_the_profile_they_came_with() -> None:
    picture = next(picture for picture in ODD if "profile calls red green" in picture.name)
    clean = take_in_image(picture.data, filename=picture.filename, limits=ALL)
    red, green, _blue = shown(clean.picture).getpixel((24, 16))
    assert red > 2 * green  # stored as green, to be seen as red


def test_a_phone_photo_becomes_small_upright_and_private() -> None:
    source = phone_jpeg(7, 4, orientation=6, icc=True)
    clean = take_in_image(source, filename="IMG_0001.JPG", limits=ALL)
    assert (clean.picture.width, clean.picture.height) == (1440, 1920)
    assert (clean.picture.content_type, clean.picture.extension) == ("image/jpeg", "jpg")
    assert clean.taken_on == datetime.date(2024, 9, 3)
    assert clean.source_format == "jpeg"
    assert clean.source_sha256 == hashlib.sha256(source).hexdigest()
    assert clean.picture.sha256 == hashlib.sha256(clean.picture.data).hexdigest()
    assert b"MAKERNOTE" in source
    assert b"MAKERNOTE" not in clean.picture.data


def test_thumbnails_are_two_squares_and_a_fit_in_webp() -> None:
    clean = take_in_image(phone_jpeg(7, 4), filename="a.jpg", limits=ALL)
    sizes = {name: (small.width, small.height) for name, small in clean.thumbnails.items()}
    assert sizes == {"96": (96, 96), "256": (256, 256), "640": (480, 640)}
    for small in clean.thumbnails.values():
        assert small.content_type == "image/webp"
        image = shown(small)
        assert image.format == "WEBP"
        assert image.size == (small.width, small.height)


def test_thumbnails_are_never_enlarged() -> None:
    clean = taken(quarters(300, 50), "PNG")
    sizes = {name: (small.width, small.height) for name, small in clean.thumbnails.items()}
    assert sizes == {"96": (50, 50), "256": (50, 50), "640": (300, 50)}


def test_a_wide_banner_gives_squares_from_the_picture_itself() -> None:
    clean = taken(quarters(1900, 200), "PNG")
    assert (clean.thumbnails["640"].width, clean.thumbnails["640"].height) == (640, 67)
    assert clean.thumbnails["256"].width == 200


@pytest.mark.parametrize(
    ("written", "believed"),
    [
        ("2024:09:03 10:11:12", datetime.date(2024, 9, 3)),
        ("0000:00:00 00:00:00", None),
        ("1970:01:01 00:00:00", None),
        ("2999:01:01 00:00:00", None),
        ("yesterday", None),
    ],
)
def test_a_date_is_believed_only_when_it_can_be(written: str, believed: datetime.date | None) -> None:
    source = phone_jpeg(1, 0.1, taken=written)
    assert take_in_image(source, filename="a.jpg", limits=ALL).taken_on == believed


def test_the_same_picture_has_the_same_fingerprints_whatever_its_tags() -> None:
    with_place, without = (phone_jpeg(4, 0.3, gps=gps) for gps in (True, False))
    one, other = (take_in_image(source, filename="a.jpg", limits=ALL) for source in (with_place, without))
    assert one.source_sha256 != other.source_sha256
    assert (one.pixel_sha256, one.dhash) == (other.pixel_sha256, other.dhash)


def test_dhash_tells_people_apart_and_knows_a_smaller_copy() -> None:
    def dhash(image: Image.Image) -> int:
        return taken(image, "PNG").dhash & (2**64 - 1)

    alice, bob = portrait(1), portrait(2)
    assert (dhash(alice) ^ dhash(alice.resize((240, 300)))).bit_count() <= 3
    assert (dhash(alice) ^ dhash(bob)).bit_count() > 3


def test_dhash_fits_a_signed_bigint() -> None:
    falling = Image.linear_gradient("L").rotate(90)
    assert {taken(falling, "PNG").dhash, taken(falling.rotate(180), "PNG").dhash} == {-1, 0}


def test_what_shows_through_is_kept_and_what_does_not_becomes_a_jpeg() -> None:
    assert taken(see_through(), "PNG").picture.extension == "png"
    assert taken(see_through(), "WEBP").picture.extension == "png"
    assert taken(see_through(), "WEBP", MOVING).picture.extension == "webp"
    assert taken(quarters().convert("RGBA"), "PNG").picture.extension == "jpg"
    for thumbnail in taken(see_through(), "PNG").thumbnails.values():
        assert shown(thumbnail).mode == "RGBA"


def test_shrinking_lets_no_colour_bleed_out_of_what_is_transparent() -> None:
    image = Image.new("RGBA", (2400, 60), (0, 255, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 1201, 60))
    for red, green, _blue, alpha in shown(taken(image, "PNG").picture).get_flattened_data():
        assert alpha < 16 or (red > 200 and green < 60)


@pytest.mark.parametrize(("name", "ending"), [("GIF", "gif"), ("WEBP", "webp")])
@pytest.mark.parametrize("limits", [MOVING, KEPT], ids=["moving", "kept"])
def test_animations_keep_their_frames_and_their_timing(name: str, ending: str, limits: ImageLimits) -> None:
    frames = [quarters(colours=QUARTERS[at:] + QUARTERS[:at]) for at in range(4)]
    options = {"save_all": True, "append_images": frames[1:], "duration": [100, 200, 300, 400], "loop": 0}
    clean = take_in_image(
        saved(frames[0], name, lossless=True, **options), filename=f"a.{ending}", limits=limits
    )
    assert clean.picture.extension == ending
    image = Image.open(io.BytesIO(clean.picture.data))
    assert image.n_frames == 4
    assert image.info["loop"] == 0
    for at, frame in enumerate(frames):
        image.seek(at)
        found, expected = image.convert("RGB").getpixel((20, 20)), frame.getpixel((20, 20))
        assert max(abs(a - b) for a, b in zip(found, expected, strict=True)) <= 12


def test_a_large_animation_is_shrunk_frame_by_frame() -> None:
    frames = [quarters(2400, 300), quarters(2400, 300, QUARTERS[::-1])]
    data = saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=80)
    clean = take_in_image(data, filename="a.webp", limits=MOVING)
    image = Image.open(io.BytesIO(clean.picture.data))
    assert (image.size, image.n_frames) == ((1920, 240), 2)
    assert (clean.picture.width, clean.picture.height) == (1920, 240)


@pytest.mark.parametrize("name", ["PNG", "WEBP", "BMP", "TIFF", "GIF"])
def test_lossless_formats_are_kept_to_the_pixel(name: str) -> None:
    image = portrait(3, 200, 250).quantize(200).convert("RGB")
    options = {"lossless": True} if name == "WEBP" else {}
    source = saved(image.quantize(256) if name == "GIF" else image, name, **options)
    clean = take_in_image(source, filename=f"a.{name.lower()}", limits=KEPT)
    assert clean.picture.content_type == f"image/{name.lower()}"
    before, after = (Image.open(io.BytesIO(data)).convert("RGB") for data in (source, clean.picture.data))
    assert after.tobytes() == before.tobytes()


def test_16_bits_are_kept_where_the_format_is() -> None:
    deep = next(picture for picture in ODD if picture.name == "16-bit PNG")
    clean = take_in_image(deep.data, filename="a.png", limits=KEPT)
    assert clean.picture.data[24] == 16  # IHDR's bit depth


def test_full_resolution_stays_full() -> None:
    clean = take_in_image(phone_jpeg(2, 6, orientation=8), filename="a.jpg", limits=KEPT)
    assert clean.picture.width < clean.picture.height > 2800
    assert clean.picture.extension == "jpg"


def test_the_thumbnails_are_those_that_answers_link_to() -> None:
    clean = taken(quarters(96, 64), "JPEG")
    assert set(clean.thumbnails) == set(keys.THUMBNAIL_SIZES)


@pytest.mark.parametrize(
    "filename",
    ["a.jpeg", "a.png", "a.HEIC", "a.tiff", "blob", "", "Photo of 12.03.2024", "St. Mary", "Ünïcödé.jfif"],
)
def test_a_true_picture_under_another_pictures_ending_or_none_is_taken(filename: str) -> None:
    kinds = {"webp": saved(quarters(), "WEBP"), "heic": heic(quarters()), "jpeg": saved(quarters(), "JPEG")}
    for name, data in kinds.items():
        clean = take_in_image(data, filename=filename, limits=ALL)
        assert (clean.source_format, clean.picture.extension) == (name, "jpg")


def test_what_shows_through_in_a_bmp_is_not_lost() -> None:
    image = see_through()
    pixels = image.transpose(Image.Transpose.FLIP_TOP_BOTTOM).tobytes("raw", "BGRA")
    masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    head = struct.pack("<IiiHHIIiiII", 108, *image.size, 1, 32, 3, len(pixels), 0, 0, 0, 0)
    head += masks + b"BGRs" + bytes(48)
    data = b"BM" + struct.pack("<IHHI", 14 + len(head) + len(pixels), 0, 0, 14 + len(head)) + head + pixels
    kept = take_in_image(data, filename="a.bmp", limits=KEPT).picture
    assert shown(kept).convert("RGBA").tobytes() == image.tobytes()
