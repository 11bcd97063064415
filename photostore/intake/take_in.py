"""Bytes in, clean image out. Pure: no database, no storage."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from PIL import Image as PillowImage

from photostore.errors import FileTooLarge, InvalidFile, PhotostoreError
from photostore.intake import line
from photostore.intake.apart import take_in_apart, too_many_pixels, undecodable
from photostore.intake.decode import Source, open_source
from photostore.intake.encode import encode_picture, kept_format, thumbnails
from photostore.intake.exif import taken_on
from photostore.intake.formats import agreed_format
from photostore.intake.limits import CleanImage, ImageLimits
from photostore.intake.render import kept_frames, pixel_sha256, shrink_on_load

# From here on a picture is taken in by a process of its own, and one at a time: see `apart`.
LARGE_PIXELS = 2**24
# Encoding a GIF or a lossless WebP takes ten times as long as any other picture.
LARGE_PIXELS_OF_SLOW = 2**22
# What pixels alone do not measure: a row of 67 million of them is slow to turn and to shrink, and each of 64
# bands or 16 bits costs as much again. 2^29 is the largest picture (2^26) at four bands of 16 bits.
MAX_DECODED_BYTES = 2**29
MAX_SIDE = 65_535  # JPEG's own limit; no camera comes near
MAX_BANDS = 5  # CMYK and transparency
# A photo that was saved sparingly grows when it is encoded anew at a higher quality, but not beyond this.
MAX_GROWTH = 4


def take_in_image(data: bytes, *, filename: str, limits: ImageLimits) -> CleanImage:
    """The picture in `data`, made safe to keep and to serve, with its thumbnails and fingerprints.

    Upright, sRGB, without any tag, always encoded anew, so that nothing hidden in the file survives.
    `filename` is looked at for its ending only. The cheap questions come first: the number of bytes, the
    leading bytes, the name, the header; only then is anything decoded.

    Raises FileTooLarge (`file_too_large`) and InvalidFile with one of the codes `empty_file`,
    `unsupported_format`, `wrong_extension`, `several_pages`, `too_many_pixels`,
    `too_many_frames`, `odd_shape`, `too_costly`, `undecodable`; nothing else, whatever the bytes are.
    """
    if not data:
        raise InvalidFile(_("The file is empty."), code="empty_file")
    if len(data) > limits.max_bytes:
        raise FileTooLarge(
            format_lazy(_("The file is larger than {megabytes} MB."), megabytes=limits.max_bytes // 2**20)
        )
    name = agreed_format(data, filename=filename, allowed=limits.formats)
    with _refusing(limits):
        source = open_source(data, name, animation=limits.animation)
        _check_header(source, limits)
        return _in_turn(source, data, name, limits)


@contextmanager
def _refusing(limits: ImageLimits) -> Iterator[None]:
    try:
        yield
    except PhotostoreError:
        raise
    except (PillowImage.DecompressionBombError, PillowImage.DecompressionBombWarning) as error:
        raise too_many_pixels(limits) from error
    except Exception as error:
        # The one place that catches everything: decoders answer hostile files with whatever comes
        # (ValueError, TypeError, IndexError, struct.error, MemoryError, …), and all of it means the same.
        raise undecodable() from error


def _in_turn(source: Source, data: bytes, name: str, limits: ImageLimits) -> CleanImage:
    if is_costly(source, name, limits):
        with line.decoder(large=True):
            return take_in_apart(data, name, limits)
    with line.decoder(large=False):
        wall, cpu = time.monotonic(), time.process_time()
        try:
            return _rendered(source, data, name, limits)
        finally:
            # Others may compute in this process at the same time; it cost neither more than that nor longer.
            line.charge(min(time.monotonic() - wall, time.process_time() - cpu))


def is_costly(source: Source, name: str, limits: ImageLimits) -> bool:
    """Whether it must be taken in apart: it is large, or of a kind that takes long."""
    pixels = source.width * source.height * source.frames
    # A JPEG is shrunk at next to no cost; each tile of a HEIC is decoded whole.
    shrink = shrink_on_load(source, limits.max_side) if source.shrinks and name == "jpeg" else 1
    is_slow = source.frames > 1 or (limits.keep_format and name in {"webp", "gif"})
    return pixels // shrink**2 > (LARGE_PIXELS_OF_SLOW if is_slow else LARGE_PIXELS)


def taken(data: bytes, name: str, limits: ImageLimits) -> CleanImage:
    """The picture in `data`, which is of format `name` and whose header was found good."""
    return _rendered(open_source(data, name, animation=limits.animation), data, name, limits)


def _rendered(source: Source, data: bytes, name: str, limits: ImageLimits) -> CleanImage:
    frames = kept_frames(
        source, max_side=limits.max_side, deep=limits.keep_format and name in {"png", "tiff"}
    )
    kept = kept_format(name, frames=len(frames), has_alpha=frames[0].hasalpha(), limits=limits)
    small, dhash = thumbnails(frames[0])
    picture = encode_picture(frames, kept, limits=limits, timing=source.timing)
    if len(picture.data) > MAX_GROWTH * limits.max_bytes:
        # A picture of one colour, packed so that half a megabyte becomes two hundred.
        raise too_many_pixels(limits)
    return CleanImage(
        picture=picture,
        thumbnails=small,
        source_sha256=hashlib.sha256(data).hexdigest(),
        pixel_sha256=pixel_sha256(frames),
        dhash=dhash,
        taken_on=taken_on(source.exif),
        source_format=name,
    )


def _check_header(source: Source, limits: ImageLimits) -> None:
    if source.width < 1 or source.height < 1:
        raise InvalidFile(_("The picture has no size."), code="undecodable")
    if source.frames > limits.max_frames:
        raise InvalidFile(
            format_lazy(_("The animation has more than {frames} frames."), frames=limits.max_frames),
            code="too_many_frames",
        )
    pixels = source.width * source.height * source.frames
    shrunk = shrink_on_load(source, limits.max_side) if source.shrinks else 1
    most = limits.max_pixels if shrunk == 1 else limits.max_shrunk_pixels
    if pixels > most or pixels // shrunk**2 * source.pixel_bytes > MAX_DECODED_BYTES:
        raise too_many_pixels(limits)
    if max(source.width, source.height) > MAX_SIDE or source.bands > MAX_BANDS:
        raise InvalidFile(
            _(
                "The picture is longer than 65,535 pixels or has more than five channels. "
                "Please send a plain photo."
            ),
            code="odd_shape",
        )
