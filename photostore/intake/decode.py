"""Opening a source: its header first, its pixels only when asked. One decoder per format, never a guess.

JPEG, PNG, WebP, GIF, AVIF and TIFF are libvips' (it shrinks while it decodes, row by row), HEIC is
pi-heif's, BMP is Pillow's: libvips reads neither.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import pi_heif
from django.utils.translation import gettext_lazy as _
from PIL import Image as PillowImage

from photostore.errors import InvalidFile
from photostore.intake import packed_bmp, tiff, tiles, vips
from photostore.intake.colours import Cicp, png_colours
from photostore.intake.heic import has_plain_item_names
from photostore.intake.heif import stated_colours, stated_profile
from photostore.intake.wholeness import is_cut

# The workers are the parallelism, and the extra pictures inside a HEIC are never looked at.
pi_heif.options.DECODE_THREADS = 1
pi_heif.options.THUMBNAILS = pi_heif.options.DEPTH_IMAGES = pi_heif.options.AUX_IMAGES = False
pi_heif.options.DISABLE_SECURITY_LIMITS = False

_LOADERS = {
    "jpeg": "jpegload_source",
    "png": "pngload_source",
    "webp": "webpload_source",
    "gif": "gifload_source",
    "avif": "heifload_source",
    "tiff": "tiffload_source",
}
_SAMPLE_BYTES = {
    **{"uchar": 1, "char": 1, "ushort": 2, "short": 2, "uint": 4, "int": 4, "float": 4},
    **{"complex": 8, "double": 8, "dpcomplex": 16},
}
_END_OF_JPEG = b"\xff\xd9"
LARGE_HEIF_PIXELS = 2**24
# What libjpeg says about pictures of which every pixel is there: filler bytes, an odd version number.
_HARMLESS = ("extraneous bytes", "JFIF revision", "Adobe color transform", "Invalid SOS parameters")


class Load(Protocol):
    """Decodes at 1/shrink of the size (1, 2, 4, 8; a format that cannot do so gives the whole), all kept
    frames one below the other. Raises whatever the decoder raises, now or when the rows are read."""

    def __call__(self, shrink: int, *, lenient: bool = False) -> vips.Image: ...


@dataclass(frozen=True, slots=True)
class Source:
    """A picture whose header has been read. `width` by `height` px is one frame, before any turning;
    `pixel_bytes` is what one pixel takes decoded: bands times bytes of a sample."""

    width: int
    height: int
    frames: int
    exif: bytes | None
    load: Load
    bands: int = 3
    pixel_bytes: int = 4
    timing: Mapping[str, object] = field(default_factory=dict)
    """Of an animation: `delay`, milliseconds per frame, and `loop`, 0 for ever."""
    stated: Cicp | None = None
    """Its colours, where they are stated by numbers."""
    pages: int = 1
    """In the file, whatever is kept of them."""
    shrinks: bool = False
    """Whether its decoder shrinks at next to no cost in memory and time."""


def is_harmless(error: Exception) -> bool:
    """Whether a strict decoder stumbled over something that costs no pixel: then `lenient` may be tried."""
    return any(words in str(error) for words in _HARMLESS)


def open_source(data: bytes, name: str, *, animation: bool) -> Source:
    """Reads the header of `data`, which is of format `name`, and decodes nothing yet.

    Raises InvalidFile for a file that is cut off, for a TIFF of several pages or a rare kind, and whatever
    the decoder raises.
    """
    if is_cut(data, name):
        raise InvalidFile(_("The file is cut off. Please send the original file."), code="undecodable")
    if name == "heic":
        return _open_heic(data)
    if name == "avif":
        return _open_avif(data)
    if name == "bmp":
        return _open_bmp(data)
    if name == "tiff":
        return _open_tiff(data)
    return _open_vips(data, name, animation=animation)


def _open_vips(data: bytes, name: str, *, animation: bool) -> Source:
    loader = getattr(vips.Image, _LOADERS[name])
    # A source reads `data` where it is; the loaders that take a buffer first copy it.
    header = loader(vips.Source.new_from_memory(data), access="sequential")
    if name == "tiff" and header.format not in {"uchar", "ushort"}:
        raise tiff.unsupported()
    pages = header.get("n-pages") if header.get_typeof("n-pages") else 1
    is_animation = animation and name in {"gif", "webp"}
    frames = pages if is_animation else 1
    if name == "jpeg" and not header.get_typeof("interlaced") and not data.endswith(_END_OF_JPEG):
        # Where the marker is all that lacks, every pixel is there. A picture that is cut off in its one scan
        # is refused all the same; one of several scans would look whole after any of them.
        data += _END_OF_JPEG

    timing = {key: header.get(key) for key in ("delay", "loop") if header.get_typeof(key)}
    exif = bytes(header.get("exif-data")) if header.get_typeof("exif-data") else None
    pixel_bytes = header.bands * _SAMPLE_BYTES[header.format]
    # One of several scans is kept in memory whole, as coefficients, before its first row comes out.
    shrinks = name == "jpeg" and not (header.get_typeof("jpeg-multiscan") and header.get("jpeg-multiscan"))
    stated = stated_colours(data) if name == "avif" else png_colours(data) if name == "png" else None
    return Source(
        header.width,
        header.height,
        frames,
        exif,
        _loading(loader, data, name, frames),
        header.bands,
        pixel_bytes,
        timing,
        stated,
        pages,
        shrinks,
    )


def _loading(loader: Any, data: bytes, name: str, frames: int) -> Load:
    def load(shrink: int, *, lenient: bool = False) -> vips.Image:
        # A JPEG whose header claims more rows than there are is only a warning to libjpeg, and truncated
        # files are nothing at all to libvips unless told so. In a TIFF every strip has a length of its own:
        # what libtiff cannot read of one, or misses at the end of the file, is only an error to libvips.
        strict = name == "jpeg" and not lenient
        fail_on = "warning" if strict else "error" if name == "tiff" else "truncated"
        options: dict[str, object] = {"access": "sequential", "fail_on": fail_on}
        if name == "jpeg":
            options["shrink"] = shrink
        elif name == "webp" and frames == 1:
            options["scale"] = 1 / shrink
        if frames > 1:
            options["n"] = -1
        return loader(vips.Source.new_from_memory(data), **options)

    return load


def _open_heic(data: bytes) -> Source:
    if not has_plain_item_names(data):
        raise InvalidFile(
            _("The picture is damaged or incomplete and cannot be read. Please send the original file."),
            code="undecodable",
        )
    heif = pi_heif.open_heif(data, convert_hdr_to_8bit=False)
    width, height = heif.size
    grid = _large_grid(data, width, height)

    def load(shrink: int, *, lenient: bool = False) -> vips.Image:  # noqa: ARG001
        image = _from_heif(heif) if grid is None else tiles.decoded(grid, shrink)
        return _with_profile(image, heif.info.get("icc_profile"))

    bands, is_deep = _heif_bands(heif.mode)
    pixel_bytes = bands * (2 if is_deep else 1)
    exif, stated = heif.info.get("exif"), stated_colours(data)
    shrinks = grid is not None
    return Source(width, height, 1, exif, load, bands, pixel_bytes, stated=stated, shrinks=shrinks)


def _large_grid(data: bytes, width: int, height: int) -> tiles.Grid | None:
    """Whole, a HEIC or an AVIF takes sixteen bytes for a pixel."""
    return tiles.grid_of(data) if width * height > LARGE_HEIF_PIXELS else None


def _open_avif(data: bytes) -> Source:
    source = _open_vips(data, "avif", animation=False)
    grid = _large_grid(data, source.width, source.height)
    if grid is None:
        return source

    def load(shrink: int, *, lenient: bool = False) -> vips.Image:  # noqa: ARG001
        return _with_profile(tiles.decoded(grid, shrink), stated_profile(data))

    return replace(source, load=load, shrinks=True)


def _heif_bands(mode: str) -> tuple[int, bool]:
    """How many, and whether in 16 bits. Pillow's names: `I;16` is grey."""
    plain, _semicolon, deep = mode.partition(";")
    return len(plain), bool(deep)


def _from_heif(heif: pi_heif.HeifFile) -> vips.Image:
    """The pixels, already upright."""
    bands, is_deep = _heif_bands(heif.mode)
    width, height = heif.size
    row = width * bands * (2 if is_deep else 1)
    pixels: Any = np.frombuffer(heif.data, np.uint8).reshape(height, heif.stride)[:, :row]
    image = vips.Image.new_from_memory(
        np.ascontiguousarray(pixels).data, width, height, bands, "ushort" if is_deep else "uchar"
    )
    spaces = ("grey16", "rgb16") if is_deep else ("b-w", "srgb")
    image = image.copy(interpretation=spaces[bands > 2])
    if heif.mode.startswith("RGBa"):
        image = image.unpremultiply().cast(image.format)
    return image


def _open_tiff(data: bytes) -> Source:
    picture = tiff.opened(data)
    if picture is None or not tiff.is_foreign_to_vips(picture):
        with tiff.unsupported_where_odd():
            source = _open_vips(data, "tiff", animation=False)
        if source.pages > 1 and (picture is None or tiff.has_several_pages(picture)):
            raise _several_pages()
        is_unsure = picture is not None and tiff.is_unsure(picture)
        return replace(source, load=_checked(source.load, data)) if is_unsure else source
    if tiff.has_several_pages(picture):
        raise _several_pages()

    def load(shrink: int, *, lenient: bool = False) -> vips.Image:  # noqa: ARG001
        return _from_pillow(tiff.without_lab(picture))

    bands = len(picture.getbands())
    pixel_bytes = bands * (2 if picture.mode.startswith("I;16") else 1)
    return Source(picture.width, picture.height, 1, None, load, bands, pixel_bytes)


def _checked(load: Load, data: bytes) -> Load:
    def checked(shrink: int, *, lenient: bool = False) -> vips.Image:
        PillowImage.open(io.BytesIO(data), formats=["TIFF"]).load()  # raises where a tile is damaged
        return load(shrink, lenient=lenient)

    return checked


def _several_pages() -> InvalidFile:
    """Keeping the first and dropping the rest would lose pictures behind a person's back."""
    return InvalidFile(_("This TIFF has several pages. Please send one page per file."), code="several_pages")


def _open_bmp(data: bytes) -> Source:
    picture = PillowImage.open(io.BytesIO(data), formats=["BMP"])

    def load(shrink: int, *, lenient: bool = False) -> vips.Image:  # noqa: ARG001
        return packed_bmp.unpacked(data) if packed_bmp.is_packed(data) else _from_pillow(picture)

    return Source(*picture.size, 1, None, load)


def _from_pillow(picture: PillowImage.Image) -> vips.Image:
    """The same pixels for libvips, with their ICC profile and no orientation: that one is applied."""
    if picture.mode.startswith("I;16"):
        deep = np.asarray(picture).astype(np.uint16)
        return vips.Image.new_from_array(deep).copy(interpretation="grey16")
    mode = "RGBA" if picture.has_transparency_data else "L" if picture.mode in {"1", "L"} else "RGB"
    pixels = picture.convert(mode)
    image = vips.Image.new_from_memory(pixels.tobytes(), *pixels.size, len(pixels.getbands()), "uchar")
    image = image.copy(interpretation="b-w" if mode == "L" else "srgb")
    return _with_profile(image, picture.info.get("icc_profile"))


def _with_profile(image: vips.Image, profile: bytes | None) -> vips.Image:
    if profile:
        image = image.copy()
        image.set_type(vips.BLOB, "icc-profile-data", profile)
    return image
