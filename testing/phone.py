"""JPEGs as a phone's camera writes them: their size, their noise, and all that they tell about people."""

from __future__ import annotations

import functools
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms
from PIL.ExifTags import GPS, IFD, Base

from testing.pictures import portrait

Pixels = NDArray[np.float32]

# What turns the upright picture into the stored one, so that a viewer who obeys the tag sees it upright
# (EXIF 2.32, tag 274): the inverse of what the tag tells to do.
STORED_AS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def stored(upright: Image.Image, orientation: int) -> Image.Image:
    """The pixels as a camera held in that way stores them."""
    return upright.transpose(STORED_AS[orientation]) if orientation in STORED_AS else upright


@functools.lru_cache(maxsize=32)
def phone_jpeg(
    seed: int,
    megapixels: float = 12,
    *,
    orientation: int = 1,
    gps: bool = True,
    taken: str = "2024:09:03 10:11:12",
    icc: bool = False,
) -> bytes:
    """A 4:3 photo of person `seed` (upright: higher than wide), about 0.33 MB per megapixel."""
    # Sensors have whole blocks of pixels; 12 MP gives the usual 3,024 by 4,032.
    height = max(64, round((megapixels * 1.016e6 * 4 / 3) ** 0.5 / 64) * 64)
    scene = photo(seed, height * 3 // 4, height)
    picture = stored(scene, orientation)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() if icc else None
    file = io.BytesIO()
    exif = camera_exif(scene, orientation=orientation, gps=gps, taken=taken)
    picture.save(file, "JPEG", quality=94, subsampling=2, exif=exif, icc_profile=profile)
    return file.getvalue()


def camera_exif(picture: Image.Image, *, orientation: int, gps: bool, taken: str) -> bytes:
    """EXIF with make, time, maker note, a place (a school yard in Geneva) and a thumbnail."""
    exif = Image.Exif()
    exif[Base.Make] = "Photokeep"
    exif[Base.Model] = "Drawn Phone 1"
    exif[Base.Orientation] = orientation
    exif[Base.DateTime] = taken
    details = exif.get_ifd(IFD.Exif)
    details[Base.DateTimeOriginal] = taken
    details[Base.MakerNote] = b"MAKERNOTE serial 0042" + bytes(200)
    if gps:
        place = exif.get_ifd(IFD.GPSInfo)
        place[GPS.GPSLatitudeRef], place[GPS.GPSLatitude] = "N", (46.0, 12.0, 15.5)
        place[GPS.GPSLongitudeRef], place[GPS.GPSLongitude] = "E", (6.0, 8.0, 44.2)
    small = io.BytesIO()
    picture.resize((120, 160)).save(small, "JPEG", quality=60)
    return _with_thumbnail(exif.tobytes(), small.getvalue())


def _with_thumbnail(exif: bytes, thumbnail: bytes) -> bytes:
    """Appends IFD1, which Pillow cannot write together with its bytes: two entries and the JPEG."""
    tiff = bytearray(exif[6:])  # after "Exif\0\0"; Pillow writes it big-endian

    def number(value: int, size: int) -> bytes:
        return value.to_bytes(size, "big")

    first = int.from_bytes(tiff[4:8], "big")
    link = first + 2 + 12 * int.from_bytes(tiff[first : first + 2], "big")
    tiff += bytes(len(tiff) % 2)
    tiff[link : link + 4] = number(len(tiff), 4)
    at = len(tiff) + 2 + 2 * 12 + 4
    tiff += number(2, 2)
    for tag, value in ((Base.JpegIFOffset, at), (Base.JpegIFByteCount, len(thumbnail))):
        tiff += number(tag, 2) + number(4, 2) + number(1, 4) + number(value, 4)
    return exif[:6] + bytes(tiff + bytes(4) + thumbnail)


def photo(seed: int, width: int, height: int) -> Image.Image:
    """The portrait as a lens and a sensor see it: soft edges, texture at all scales, and noise."""
    rng = np.random.default_rng(seed)
    drawn = portrait(seed, 900, round(900 * height / width)).resize((width, height), Image.Resampling.BICUBIC)
    texture = _texture(rng, width, height)
    pixels = np.empty((height, width, 3), np.uint8)
    band_rows = 512  # in bands of rows, so that 48 megapixels need no gigabyte
    for top in range(0, height, band_rows):
        rows = np.asarray(drawn.crop((0, top, width, min(height, top + band_rows))), np.float32)
        light = texture[top : top + band_rows] + rng.standard_normal(rows.shape[:2], np.float32) * 3.5
        colour = rng.standard_normal(rows.shape, np.float32) * 1.5
        pixels[top : top + band_rows] = np.clip(rows + light[..., None] + colour, 0, 255).astype(np.uint8)
    return Image.fromarray(pixels)


def _texture(rng: np.random.Generator, width: int, height: int) -> Pixels:
    """Skin, cloth and plaster: noise whose strength falls with its fineness, as in natural pictures."""
    total: Pixels = np.zeros((height, width), np.float32)
    for grain in (2, 4, 8, 16, 64):
        coarse = rng.standard_normal((height // grain + 2, width // grain + 2), np.float32)
        layer = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
        total += np.asarray(layer, np.float32) * (1.2 * grain**0.35)
    return total
