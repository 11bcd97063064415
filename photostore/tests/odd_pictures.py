"""Pictures that are unusual but fine. All show four quarters: red, green, blue and yellow."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageCms

from photostore.tests.hostile_pictures import png, png_chunk
from testing.phone import camera_exif, stored
from testing.pictures import heic, saved

Colour = tuple[int, int, int]
RED, GREEN, BLUE, YELLOW = (220, 40, 40), (40, 180, 60), (40, 60, 200), (230, 210, 50)
QUARTERS: tuple[Colour, ...] = (RED, GREEN, BLUE, YELLOW)
PRIVATE = b"PRIVATE-Alice-Example"


class Odd(NamedTuple):
    """A file, and what must be seen: size in pixels, and the colours upper left, upper right, lower left
    and lower right (None where the picture is not one of four quarters), within `tolerance`."""

    name: str
    filename: str
    data: bytes
    size: tuple[int, int] = (96, 64)
    corners: tuple[Colour, ...] | None = QUARTERS
    tolerance: int = 12


def quarters(width: int = 96, height: int = 64, colours: tuple[Colour, ...] = QUARTERS) -> Image.Image:
    """An RGB picture of four even quarters, so that every turn and flip can be told."""
    image = Image.new("RGB", (2, 2))
    image.putdata(colours)
    return image.resize((width, height), Image.Resampling.NEAREST)


@cache
def odd() -> tuple[Odd, ...]:
    """The corpus, for limits that take every format; TIFF and BMP come last."""
    parts = (_turned, _colour_models, _animations, _containers, _tagged, _shapes, _rare)
    return tuple(file for part in parts for file in part())


def _turned() -> Iterator[Odd]:
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        data = saved(stored(quarters(), orientation), "JPEG", exif=exif, quality=95)
        yield Odd(f"JPEG with orientation {orientation}", "a.jpg", data)


def _rare() -> Iterator[Odd]:
    yield Odd("TIFF", "a.tif", saved(quarters(), "TIFF", compression="tiff_lzw"))
    yield Odd("BMP", "a.bmp", saved(quarters(), "BMP"))


def _colour_models() -> Iterator[Odd]:
    picture = quarters()
    cmyk = picture.convert("CMYK")
    grey = tuple((level, level, level) for level in (40, 110, 180, 250))
    # Ink is duller than light: the colours come near, not close.
    inverted = saved(cmyk, "JPEG", quality=95)
    yield Odd("CMYK JPEG, Adobe's inverted kind", "a.jpg", inverted, tolerance=80)
    unmarked = without_adobe_segment(inverted)
    yield Odd("CMYK JPEG without Adobe's mark", "a.jpg", unmarked, tolerance=80)
    yield Odd("progressive JPEG", "a.jpg", saved(picture, "JPEG", progressive=True, quality=95))
    yield Odd("16-bit PNG", "a.png", png_16_bit(picture))
    palette = picture.quantize(8)
    yield Odd("palette PNG", "a.png", saved(palette, "PNG"))
    yield Odd("palette PNG with a transparent colour", "a.png", saved(palette, "PNG", transparency=7))
    shades = quarters(colours=grey)
    yield Odd("grey JPEG", "a.jpg", saved(shades.convert("L"), "JPEG", quality=95), corners=grey)
    see_through = shades.convert("LA")
    see_through.putalpha(Image.linear_gradient("L").resize((96, 64)).point(lambda level: max(level, 64)))
    yield Odd("grey PNG with alpha", "a.png", saved(see_through, "PNG"), corners=grey)
    yield Odd("opaque PNG with an alpha band", "a.png", saved(picture.convert("RGBA"), "PNG"))
    swapped = quarters(colours=(GREEN, RED, BLUE, YELLOW))
    data = saved(swapped, "PNG", icc_profile=red_and_green_swapped())
    yield Odd("PNG whose profile calls red green", "a.png", data, corners=None)
    yield Odd("JPEG with a broken profile", "a.jpg", saved(picture, "JPEG", icc_profile=b"?" * 200))


def _animations() -> Iterator[Odd]:
    frames = [quarters(), quarters(colours=QUARTERS[::-1])]
    for name, ending, options in (
        ("GIF", "gif", {}),
        ("WEBP", "webp", {"lossless": True}),
        ("PNG", "png", {}),
    ):
        data = saved(frames[0], name, save_all=True, append_images=frames[1:], duration=100, **options)
        yield Odd(f"animated {name}", f"a.{ending}", data)


def _containers() -> Iterator[Odd]:
    picture = quarters()
    mpo = saved(picture, "MPO", save_all=True, append_images=[quarters(colours=QUARTERS[::-1])], quality=95)
    yield Odd("MPO, two pictures in one JPEG", "a.jpg", mpo)
    yield Odd("HEIC", "a.heic", heic(picture, quality=95))
    exif = Image.Exif()
    exif[0x0112] = 6
    # The writer obeys the tag and then also states it as the file's own rotation: so turned twice.
    turned = stored(stored(picture, 6), 6)
    turned.info["exif"] = exif.tobytes()
    yield Odd("HEIC with its own rotation and an EXIF tag", "a.heic", heic(turned, quality=95))
    yield Odd("AVIF", "a.avif", saved(picture, "AVIF", quality=95))
    turned_avif = saved(stored(picture, 6), "AVIF", quality=95, exif=exif)
    yield Odd("AVIF with its own rotation", "a.avif", turned_avif)
    yield Odd("JPEG called .JPEG", "Ünïcödé \u202egpj.JPEG", saved(picture, "JPEG", quality=95))
    yield Odd("lossy WebP", "a.webp", saved(picture, "WEBP", quality=95))


def _tagged() -> Iterator[Odd]:
    """Everything that a picture can tell about a person, in every format that can carry it."""
    picture = quarters()
    exif = camera_exif(picture, orientation=1, gps=True, taken="2024:09:03 10:11:12").replace(
        b"MAKERNOTE serial 0042", PRIVATE
    )
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + PRIVATE + b"</x:xmpmeta>"
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    jpeg = saved(picture, "JPEG", exif=exif, xmp=xmp, icc_profile=icc, comment=PRIVATE, quality=95)
    yield Odd("JPEG with every tag", "a.jpg", jpeg[:2] + _iptc_segment() + jpeg[2:])
    png = saved(picture, "PNG", exif=exif, icc_profile=icc)
    text = png_chunk(b"tEXt", b"Author\0" + PRIVATE)
    packet = png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp)
    squeezed = png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(PRIVATE))
    yield Odd("PNG with every tag", "a.png", png[:33] + text + packet + squeezed + png[33:])
    webp = saved(picture, "WEBP", exif=exif, xmp=xmp, icc_profile=icc, quality=95)
    yield Odd("WebP with every tag", "a.webp", webp)
    yield Odd("GIF with a comment", "a.gif", saved(picture, "GIF", comment=PRIVATE))
    tagged = picture.copy()
    tagged.info |= {"exif": exif, "xmp": xmp, "icc_profile": icc}
    yield Odd("HEIC with every tag", "a.heic", heic(tagged, quality=95))
    yield Odd("AVIF with every tag", "a.avif", saved(picture, "AVIF", exif=exif, xmp=xmp, quality=95))


def _shapes() -> Iterator[Odd]:
    for width, height, size in ((1, 1, (1, 1)), (1, 5000, (1, 1920)), (5000, 1, (1920, 1)), (3, 2, (3, 2))):
        data = saved(Image.new("RGB", (width, height), RED), "PNG")
        yield Odd(f"{width} by {height} px", "a.png", data, size, None)


def _iptc_segment() -> bytes:
    """Photoshop's APP13 with one IPTC record: by-line."""
    record = b"\x1c\x02\x50" + struct.pack(">H", len(PRIVATE)) + PRIVATE
    block = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(record)) + record + bytes(len(record) % 2)
    body = b"Photoshop 3.0\0" + block
    return b"\xff\xed" + struct.pack(">H", len(body) + 2) + body


def png_16_bit(picture: Image.Image) -> bytes:
    """`picture` with 16 bits a band, which Pillow cannot write."""
    deep = np.asarray(picture, np.uint16) * 257
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in deep)
    return png(picture.size, rows, bits=16, kind=2)


def red_and_green_swapped() -> bytes:
    """An ICC profile in whose colour space a stored red is seen green, and the other way round."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"____").replace(b"gXYZ", b"rXYZ").replace(b"____", b"gXYZ")


def without_adobe_segment(jpeg: bytes) -> bytes:
    """The same file without the APP14 that says "Adobe"; readers take its CMYK for inverted all the same."""
    at = jpeg.index(b"\xff\xee")
    return jpeg[:at] + jpeg[at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big") :]
