"""Bytes in, clean image out. Pure: no database, no storage."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import BoundedSemaphore

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from PIL import Image as PillowImage

from photostore.errors import Busy, FileTooLarge, InvalidFile, PhotostoreError
from photostore.intake.decode import Source, open_source
from photostore.intake.encode import encode_picture, kept_format, thumbnails
from photostore.intake.exif import taken_on
from photostore.intake.formats import agreed_format
from photostore.intake.limits import CleanImage, ImageLimits
from photostore.intake.render import kept_frames, pixel_sha256

# A process decodes two pictures at a time, one of them large: 67 megapixels of HEIC or AVIF take a gigabyte
# for some seconds, and whoever only wants to look at photos must not wait behind a queue of them.
LARGE_PIXELS = 2**24
# What pixels alone do not measure: a row of 67 million of them is slow to turn and to shrink, and each of 64
# bands or 16 bits costs as much again. 2^29 is the largest picture (2^26) at four bands of 16 bits.
MAX_DECODED_BYTES = 2**29
MAX_SIDE = 65_535  # JPEG's own limit; no camera comes near
MAX_BANDS = 5  # CMYK and transparency
# A photo that was saved sparingly grows when it is encoded anew at a higher quality, but not beyond this.
MAX_GROWTH = 4
PATIENCE_SECONDS = 15.0
# So many threads work on files or wait for their turn; a worker has some more, for everybody else. Who comes
# to a full line is sent away soon: one person with a slow picture and many connections would else hold all.
LINE_SECONDS = 1.0
_LINE = BoundedSemaphore(12)
_DECODERS = BoundedSemaphore(2)
_LARGE_DECODER = BoundedSemaphore(1)


def take_in_image(data: bytes, *, filename: str, limits: ImageLimits) -> CleanImage:
    """The picture in `data`, made safe to keep and to serve, with its thumbnails and fingerprints.

    Upright, sRGB, without any tag, always encoded anew, so that nothing hidden in the file survives.
    `filename` is looked at for its ending only. The cheap questions come first: the number of bytes, the
    leading bytes, the name, the header; only then is anything decoded.

    Raises FileTooLarge (`file_too_large`) and InvalidFile with one of the codes `empty_file`,
    `unsupported_format`, `missing_extension`, `wrong_extension`, `several_pages`, `too_many_pixels`,
    `too_many_frames`, `undecodable`; nothing else, whatever the bytes are.
    """
    if not data:
        raise InvalidFile(_("The file is empty."), code="empty_file")
    if len(data) > limits.max_bytes:
        raise FileTooLarge(
            format_lazy(_("The file is larger than {megabytes} MB."), megabytes=limits.max_bytes // 2**20)
        )
    name = agreed_format(data, filename=filename, allowed=limits.formats)
    try:
        return _take_in(data, name, limits)
    except PhotostoreError:
        raise
    except (PillowImage.DecompressionBombError, PillowImage.DecompressionBombWarning) as error:
        raise _too_many_pixels(limits) from error
    except Exception as error:
        # The one place that catches everything: decoders answer hostile files with whatever comes
        # (ValueError, TypeError, IndexError, struct.error, MemoryError, …), and all of it means the same.
        raise InvalidFile(
            _("The picture is damaged or incomplete and cannot be read. Please send the original file."),
            code="undecodable",
        ) from error


def _take_in(data: bytes, name: str, limits: ImageLimits) -> CleanImage:
    source = open_source(data, name, animation=limits.animation)
    _check_header(source, limits)
    is_large = source.width * source.height * source.frames > LARGE_PIXELS
    with in_line(), at_most(_LARGE_DECODER) if is_large else nullcontext(), at_most(_DECODERS):
        return _rendered(source, data, name, limits)


def in_line() -> AbstractContextManager[None]:
    """A place in the line of those who work on files or wait for it. Raises `Busy` where it is full."""
    return at_most(_LINE, seconds=LINE_SECONDS)


@contextmanager
def at_most(places: BoundedSemaphore, *, seconds: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Wait for one of these, and hold it. Raises `Busy` after a while."""
    if not places.acquire(timeout=seconds):
        raise Busy
    try:
        yield
    finally:
        places.release()


def _rendered(source: Source, data: bytes, name: str, limits: ImageLimits) -> CleanImage:
    frames = kept_frames(
        source, max_side=limits.max_side, deep=limits.keep_format and name in {"png", "tiff"}
    )
    kept = kept_format(name, frames=len(frames), has_alpha=frames[0].hasalpha(), limits=limits)
    small, dhash = thumbnails(frames[0])
    picture = encode_picture(frames, kept, limits=limits, timing=source.timing)
    if len(picture.data) > MAX_GROWTH * limits.max_bytes:
        # A picture of one colour, packed so that half a megabyte becomes two hundred.
        raise _too_many_pixels(limits)
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
    if pixels > limits.max_pixels or pixels * source.pixel_bytes > MAX_DECODED_BYTES:
        raise _too_many_pixels(limits)
    if max(source.width, source.height) > MAX_SIDE or source.bands > MAX_BANDS:
        raise InvalidFile(
            _(
                "The picture is longer than 65,535 pixels or has more than five channels. "
                "Please send a plain photo."
            ),
            code="odd_shape",
        )


def _too_many_pixels(limits: ImageLimits) -> InvalidFile:
    return InvalidFile(
        format_lazy(
            _("The picture is too large: more than {megapixels} million pixels. Please send a smaller one."),
            megapixels=limits.max_pixels // 1_000_000,
        ),
        code="too_many_pixels",
    )
