"""What an app asks of a picture, and what it gets."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageLimits:
    """What one channel takes and how it keeps it. Each app states its own."""

    formats: frozenset[str]
    """Of `formats.FORMATS`: jpeg, png, gif, webp, heic, avif, bmp, tiff."""
    max_bytes: int
    max_pixels: int = 2**26
    """Width times height times frames kept. 2^26 is 67 megapixels: above the 48 and 50 of today's phones, and
    at 4 bytes each 256 MiB."""
    max_shrunk_pixels: int = 250_000_000
    """As `max_pixels`, of what is shrunk while it is decoded: the 108 and 200 megapixels of some phones."""
    max_frames: int = 1000
    """Frames of an animation: 20 MB hold a million frames of one pixel, each with its own cost."""
    max_side: int | None = 1920
    """Longest side in pixels of what is kept; None keeps full resolution."""
    jpeg_quality: int = 85
    animation: bool = False
    """Animated GIF and WebP stay animated; otherwise the first frame is taken."""
    keep_format: bool = False
    """Lossless in its own format, except JPEG, HEIC and AVIF, which become JPEG at `jpeg_quality`."""
    webp_alpha: bool = False
    """Transparency of a WebP source is kept as WebP; everything else transparent is kept as PNG."""


@dataclass(frozen=True, slots=True)
class Rendition:
    """One encoded picture; `width` and `height` in pixels (of one frame where it is animated)."""

    data: bytes
    content_type: str
    extension: str
    width: int
    height: int

    @property
    def sha256(self) -> str:
        """Of the bytes, in hex."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class CleanImage:
    """A picture taken in: upright, sRGB, 8 bits, without any tag, encoded anew."""

    picture: Rendition
    thumbnails: Mapping[str, Rendition]
    """"96" and "256" squares (centre crop) and "640" fit, all WebP, never enlarged: a source with a
    shorter side gives a square of that side."""
    source_sha256: str
    """Of the bytes as handed in, in hex."""
    pixel_sha256: str
    """Of mode, width, height and the pixels of `picture` before it was encoded, in hex."""
    dhash: int
    """64-bit difference hash as a signed integer (two's complement), as PostgreSQL's bigint takes it.
    Compare with `(a ^ b).bit_count()` after masking both with 2^64 - 1."""
    taken_on: datetime.date | None
    """EXIF's DateTimeOriginal, when it is believable."""
    source_format: str
