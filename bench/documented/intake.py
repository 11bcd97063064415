"""The documented way with a photo: Pillow decodes, turns, shrinks (Lanczos), saves, once per rendition."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image, ImageOps

Renditions = dict[str, bytes]


def prepare() -> None:
    """Loads Pillow's plugins and codecs, as a worker has done long before a photo comes."""
    Image.init()
    for name in ("JPEG", "WEBP"):
        Image.new("RGB", (8, 8)).save(io.BytesIO(), name)


def process(path: str) -> Renditions:
    """The photo at 1920 px, its 640 px fit and its squares of 256 and 96 px, from the file at `path`."""
    data = Path(path).read_bytes()
    return {
        "picture": _fit(data, 1920, "JPEG", 85),
        "640": _fit(data, 640, "WEBP", 80),
        "256": _square(data, 256),
        "96": _square(data, 96),
    }


def _upright(data: bytes) -> Image.Image:
    return ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")


def _fit(data: bytes, side: int, name: str, quality: int) -> bytes:
    image = _upright(data)
    scale = side / max(image.size)
    size = (round(image.width * scale), round(image.height * scale))
    return _saved(image.resize(size, Image.Resampling.LANCZOS), name, quality)


def _square(data: bytes, side: int) -> bytes:
    return _saved(ImageOps.fit(_upright(data), (side, side), Image.Resampling.LANCZOS), "WEBP", 80)


def _saved(image: Image.Image, name: str, quality: int) -> bytes:
    file = io.BytesIO()
    image.save(file, name, quality=quality)
    return file.getvalue()
