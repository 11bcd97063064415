"""Which decoder reads a TIFF right, and which TIFF none of ours does.

libvips has no ZSTD and no LZMA, takes uncompressed YCbCr for RGB, knows no tiles in separate planes and
passes over a tile that it cannot unpack: those are left black. Pillow's libtiff does all that, but knows no
colours of 16 bits.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageCms

from photostore.errors import InvalidFile
from photostore.intake import vips

_BITS, _COMPRESSION, _PHOTOMETRIC, _PLANES, _TILE, _SAMPLES, _SUBSAMPLING = 258, 259, 262, 284, 322, 339, 530
_REFERENCE = 532
_BLACK_IS_ZERO, _YCBCR, _LAB_KINDS = 1, 6, {8, 9}
_UNSIGNED, _UNDEFINED = 1, 4
_FOREIGN_TO_VIPS = {6, 34925, 50000}  # JPEG as it was before 1995, LZMA, ZSTD
_WEBP = 50001
_KIND_OF_PAGE, _MOST_COPIES = 254, 12
_JPEG = {6, 7}
_DEPTHS = {1, 2, 4, 8, 16}
_WHOLE_RANGE = (0, 255, 128, 255, 128, 255)


def opened(data: bytes) -> Any:
    """The picture as Pillow opens it, nothing decoded yet; None where it does not know the kind.

    Raises InvalidFile (`unsupported_tiff`) for one that no decoder of ours shows as it is meant.
    """
    try:
        picture: Any = Image.open(io.BytesIO(data), formats=["TIFF"])
    except (OSError, SyntaxError):
        return None  # libvips knows more kinds, and refuses what is damaged
    tags = picture.tag_v2
    depths = set(_tuple(tags.get(_BITS, 1)))
    bits = max(depths)
    kinds = {*_tuple(tags.get(_SAMPLES, _UNSIGNED))}
    if not (kinds <= {_UNSIGNED, _UNDEFINED} and depths <= _DEPTHS):
        raise unsupported()
    if is_foreign_to_vips(picture) and (
        not _is_plain_ycbcr(tags) or (bits > 8 and not _is_deep_grey(picture))
    ):
        raise unsupported()
    return picture


def has_several_pages(picture: Any) -> bool:
    """Whether there is more than one picture with smaller copies of it."""
    pages = min(picture.n_frames, _MOST_COPIES + 1)
    is_copy = []
    for page in range(pages):
        picture.seek(page)
        is_copy.append(bool(picture.tag_v2.get(_KIND_OF_PAGE, 0) & 1))
    picture.seek(0)
    return is_copy[0] or not all(is_copy[1:]) if pages > 1 else False


def is_unsure(picture: Any) -> bool:
    """Whether libvips may pass over damage: it does in tiles. Those in WebP only it can read."""
    return _TILE in picture.tag_v2 and picture.tag_v2.get(_COMPRESSION) != _WEBP


@contextmanager
def unsupported_where_odd() -> Iterator[None]:
    """Says what libvips means by its complaint about samples that are no colours."""
    try:
        yield
    except vips.Error as error:
        raise unsupported() if "samples out of range" in str(error) else error from error


def is_foreign_to_vips(picture: Any) -> bool:
    tags = picture.tag_v2
    compression, photometric = tags.get(_COMPRESSION, 1), tags.get(_PHOTOMETRIC, 2)
    return (
        compression in _FOREIGN_TO_VIPS
        or photometric in _LAB_KINDS
        or (photometric == _YCBCR and compression not in _JPEG)
        or (_TILE in tags and tags.get(_PLANES, 1) == 2)
    )


def _is_deep_grey(picture: Any) -> bool:
    return picture.mode in {"I;16", "I;16B"} and picture.tag_v2.get(_PHOTOMETRIC) == _BLACK_IS_ZERO


def _is_plain_ycbcr(tags: Any) -> bool:
    """Whether it is none, or one whose chroma is as fine as its luma and uses the whole range."""
    if tags.get(_PHOTOMETRIC) != _YCBCR or tags.get(_COMPRESSION) in _JPEG:
        return True
    reference = tuple(tags.get(_REFERENCE, _WHOLE_RANGE))
    return tuple(tags.get(_SUBSAMPLING, (2, 2))) == (1, 1) and reference == _WHOLE_RANGE


def _tuple(value: Any) -> tuple[int, ...]:
    return value if isinstance(value, tuple) else (value,)


def without_lab(picture: Image.Image) -> Image.Image:
    """In sRGB, where it is in CIE L*a*b*."""
    if picture.mode != "LAB":
        return picture
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    shown = ImageCms.profileToProfile(picture, lab, srgb, outputMode="RGB")
    assert shown is not None
    return shown


def unsupported() -> InvalidFile:
    return InvalidFile(
        _("This is a rare kind of TIFF that cannot be shown correctly here. Please save it as a PNG."),
        code="unsupported_tiff",
    )
