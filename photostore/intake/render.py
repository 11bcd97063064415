"""From a decoded source to what is kept: shrink, make sRGB, turn upright, and forget everything else."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from photostore.intake import vips
from photostore.intake.colours import Cicp, into_srgb
from photostore.intake.decode import Source, is_harmless

_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_GREY = {"b-w", "grey16"}
_SMALL_PIXELS = 2**23
_STRIP_ROWS = 256  # at a time, so that hashing needs no second copy of the picture


def kept_frames(source: Source, *, max_side: int | None, deep: bool) -> list[vips.Image]:
    """Every frame of `source`, upright, in sRGB or grey, at most `max_side` px long, bare of any tag.

    `deep` keeps 16 bits where there are 16. An alpha band is kept only where something shows through.
    Raises whatever the decoder raises.
    """
    try:
        return _frames(source, max_side=max_side, deep=deep, lenient=False)
    except vips.Error as error:
        if not is_harmless(error):
            raise
        return _frames(source, max_side=max_side, deep=deep, lenient=True)


def _frames(source: Source, *, max_side: int | None, deep: bool, lenient: bool) -> list[vips.Image]:
    width, height = fitted(source.width, source.height, max_side)
    image = source.load(shrink_on_load(source, max_side), lenient=lenient)
    if source.frames == 1:
        return without_idle_alpha([_upright(image, width, height, deep=deep, stated=source.stated)])
    # One after the other, as they come: the decoder reads on where the frame before ended.
    pages = (image.crop(0, at * source.height, source.width, source.height) for at in range(source.frames))
    return without_idle_alpha([_upright(page, width, height, deep=deep) for page in pages])


def shrink_on_load(source: Source, max_side: int | None) -> int:
    """The decoder's own shrinking is nearly free and, as it happens in the frequencies, as good as
    Lanczos; it may go all the way as long as nothing has to be enlarged afterwards."""
    target, _height = fitted(source.width, source.height, max_side)
    return next((n for n in (8, 4, 2) if source.width >= n * target), 1)


def fitted(width: int, height: int, max_side: int | None) -> tuple[int, int]:
    """The size that fits into a square of `max_side` px; never larger, never below one pixel."""
    scale = min(1.0, max_side / max(width, height)) if max_side else 1.0
    return max(1, round(width * scale)), max(1, round(height * scale))


def resized(image: vips.Image, width: int, height: int) -> vips.Image:
    """Exactly `width` by `height` px, by Lanczos; transparent pixels lend no colour to their neighbours."""
    if (image.width, image.height) == (width, height):
        return image
    across, down = width / image.width, height / image.height
    if not image.hasalpha():
        return image.resize(across, vscale=down)
    return image.premultiply().resize(across, vscale=down).unpremultiply().cast(image.format)


def _upright(
    image: vips.Image, width: int, height: int, *, deep: bool, stated: Cicp | None = None
) -> vips.Image:
    # Turned after shrinking, and from memory: turning reads by columns what a decoder gives by rows. There is
    # one copy of the picture and never two, unless it is small: a large one is turned while it is read.
    orientation = image.get("orientation") if image.get_typeof("orientation") else 1
    flat = bare(_srgb(resized(image, width, height), deep=deep, stated=stated))
    if orientation == 1:
        return flat
    flat.set_type(vips.INT, "orientation", orientation)
    turned = flat.autorot()
    return turned.copy_memory() if width * height <= _SMALL_PIXELS else turned


def _srgb(image: vips.Image, *, deep: bool, stated: Cicp | None) -> vips.Image:
    """sRGB or grey. Its profile is applied where there is one; a broken profile is as good as none."""
    depth = 16 if deep and image.format == "ushort" else 8
    if stated and not stated.is_srgb and image.format in {"uchar", "ushort"}:
        rgb = image.colourspace("rgb16" if image.format == "ushort" else "srgb")
        return into_srgb(rgb, stated, deep=depth == 16)
    if image.get_typeof("icc-profile-data"):
        try:
            return image.icc_transform("srgb", embedded=True, depth=depth)
        except vips.Error:
            image = image.copy()
            image.remove("icc-profile-data")
    grey = image.interpretation in _GREY
    spaces = {8: ("srgb", "b-w"), 16: ("rgb16", "grey16")}
    return image.colourspace(spaces[depth][grey])


def eight_bit(image: vips.Image) -> vips.Image:
    """The same picture in 8 bits a band."""
    return image.colourspace("b-w" if image.interpretation in _GREY else "srgb")


def bare(image: vips.Image) -> vips.Image:
    """A new image made of the pixels alone, so that no tag of any kind can come along."""
    pixels = image.write_to_memory()
    clean = vips.Image.new_from_memory(pixels, image.width, image.height, image.bands, image.format)
    return clean.copy(interpretation=image.interpretation)


def without_idle_alpha(frames: Sequence[vips.Image]) -> list[vips.Image]:
    """The frames without their alpha band when nothing shows through in any of them."""
    if not frames[0].hasalpha():
        return list(frames)
    opaque = 65535 if frames[0].format == "ushort" else 255
    if any(frame[frame.bands - 1].min() < opaque for frame in frames):
        return list(frames)
    return [frame.extract_band(0, n=frame.bands - 1) for frame in frames]


def pixel_sha256(frames: Sequence[vips.Image]) -> str:
    """Of mode, width and height, and then the pixels row by row, all frames."""
    first = frames[0]
    digest = hashlib.sha256(f"{_MODES[first.bands]} {first.width} {first.height}\n".encode())
    for frame in frames:
        for top in range(0, frame.height, _STRIP_ROWS):
            strip = frame.crop(0, top, frame.width, min(_STRIP_ROWS, frame.height - top))
            digest.update(strip.write_to_memory())
    return digest.hexdigest()
