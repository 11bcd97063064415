"""From bare pixels to bytes: the picture that is kept, its thumbnails and its fingerprint."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

from PIL import Image as PillowImage

from photostore.intake import vips
from photostore.intake.formats import FORMATS
from photostore.intake.limits import ImageLimits, Rendition
from photostore.intake.render import eight_bit, fitted, resized

# These have no lossless form worth keeping or (HEIC, AVIF) none that every browser shows.
_BECOME_JPEG = {"jpeg", "heic", "avif"}
# Effort 1 of 6 takes a third of the CPU of the default; the files are a tenth larger.
_THUMBNAIL = {"Q": 80, "effort": 1}
# Up to so many pixels in all frames the best packing is looked for; it takes seconds for each million pixels.
_PACKED_WELL = 2**20
_GIF_EFFORT = {True: 7, False: 1}
_LOSSLESS_WEBP = {True: {"Q": 75, "effort": 4}, False: {"Q": 0, "effort": 0}}


def kept_format(source_format: str, *, frames: int, has_alpha: bool, limits: ImageLimits) -> str:
    """In which format the picture is kept."""
    if source_format == "bmp" and has_alpha:
        return "png"  # hardly anything reads a BMP's alpha
    if frames > 1 or (limits.keep_format and source_format not in _BECOME_JPEG):
        return source_format
    if not has_alpha:
        return "jpeg"
    return "webp" if limits.webp_alpha and source_format == "webp" else "png"


def encode_picture(
    frames: Sequence[vips.Image], name: str, *, limits: ImageLimits, timing: Mapping[str, object]
) -> Rendition:
    """One file out of `frames`. `timing` is what an animation says of itself (`delay`, `loop`)."""
    image = frames[0] if len(frames) == 1 else _joined(frames, timing)
    is_small = frames[0].width * frames[0].height * len(frames) <= _PACKED_WELL
    data: bytes
    if name == "jpeg":
        data = image.jpegsave_buffer(Q=limits.jpeg_quality, keep="none")
    elif name == "png":
        data = image.pngsave_buffer(compression=6, filter="all", keep="none")
    elif name == "webp":
        how = _LOSSLESS_WEBP[is_small] if limits.keep_format else {"Q": limits.jpeg_quality}
        data = image.webpsave_buffer(**how, lossless=limits.keep_format, keep="none")
    elif name == "gif":
        dither = 0 if limits.keep_format else 1
        data = image.gifsave_buffer(dither=dither, effort=_GIF_EFFORT[is_small], keep="none")
    elif name == "tiff":
        data = image.tiffsave_buffer(compression="deflate", predictor="horizontal", keep="none")
    else:
        data = _bmp(image)
    return _rendition(data, name, frames[0])


def _rendition(data: bytes, name: str, image: vips.Image) -> Rendition:
    known = FORMATS[name]
    return Rendition(data, known.content_type, known.extensions[0], image.width, image.height)


def _joined(frames: Sequence[vips.Image], timing: Mapping[str, object]) -> vips.Image:
    """One tall image with the pages marked, as libvips wants an animation."""
    tall = vips.Image.arrayjoin(list(frames), across=1).copy()
    tall.set_type(vips.INT, "page-height", frames[0].height)
    if "delay" in timing:
        tall.set_type(vips.INT_ARRAY, "delay", timing["delay"])
    if "loop" in timing:
        tall.set_type(vips.INT, "loop", timing["loop"])
    return tall


def _bmp(image: vips.Image) -> bytes:
    mode = {1: "L", 3: "RGB", 4: "RGBA"}[image.bands]
    picture = PillowImage.frombytes(mode, (image.width, image.height), image.write_to_memory())
    file = io.BytesIO()
    picture.save(file, "BMP")
    return file.getvalue()


def thumbnails(picture: vips.Image) -> tuple[dict[str, Rendition], int]:
    """The three thumbnails, each made from the next larger one, and the difference hash of the picture."""
    fit = resized(eight_bit(picture), *fitted(picture.width, picture.height, 640)).copy_memory()
    # A long thin picture's fit is too low to cut a square from: then the picture itself has to serve.
    square = _square(fit if min(fit.width, fit.height) >= 256 else eight_bit(picture), 256)
    images = {"640": fit, "256": square, "96": _square(square, 96)}
    renditions = {
        name: _rendition(image.webpsave_buffer(**_THUMBNAIL, keep="none"), "webp", image)
        for name, image in images.items()
    }
    return renditions, dhash(fit)


def _square(image: vips.Image, side: int) -> vips.Image:
    """The centre, as a square of at most `side` px."""
    short = min(image.width, image.height)
    centre = image.crop((image.width - short) // 2, (image.height - short) // 2, short, short)
    return resized(centre, min(side, short), min(side, short)).copy_memory()


def dhash(image: vips.Image) -> int:
    """Whether each of 8 by 8 places is brighter than its right neighbour, as a signed 64-bit integer.

    After N. Krawetz, "Kind of like that" (2013): 9 by 8 grey pixels, rows first, most significant bit first.
    Transparency is seen on white.
    """
    opaque = image.flatten(background=255) if image.hasalpha() else image
    grey = bytes(resized(opaque, 9, 8).colourspace("b-w").write_to_memory())
    bits = 0
    for row in range(8):
        for left in range(row * 9, row * 9 + 8):
            bits = bits << 1 | (grey[left] > grey[left + 1])
    return int.from_bytes(bits.to_bytes(8, "big"), "big", signed=True)
