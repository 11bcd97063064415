"""Which format the bytes are, by their first bytes, and whether the name agrees. Reads nothing else."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from photostore.errors import InvalidFile, Sentence


@dataclass(frozen=True, slots=True)
class Format:
    """A format that some channel may take. The first extension is the one for keys."""

    label: str
    content_type: str
    extensions: tuple[str, ...]


FORMATS: Mapping[str, Format] = {
    "jpeg": Format("JPEG", "image/jpeg", ("jpg", "jpeg", "jpe", "jfif", "pjpeg", "pjp", "mpo")),
    "png": Format("PNG", "image/png", ("png", "apng")),
    "gif": Format("GIF", "image/gif", ("gif",)),
    "webp": Format("WebP", "image/webp", ("webp",)),
    "heic": Format("HEIC", "image/heic", ("heic", "heif", "hif", "heics", "heifs")),
    "avif": Format("AVIF", "image/avif", ("avif", "avifs")),
    "bmp": Format("BMP", "image/bmp", ("bmp", "dib")),
    "tiff": Format("TIFF", "image/tiff", ("tif", "tiff")),
}
KNOWN_EXTENSIONS: Mapping[str, str] = {
    extension: name for name, known in FORMATS.items() for extension in known.extensions
}

# "Photo of 12.03.2024", "St. Mary": what follows the last dot is no ending.
_NO_ENDING = re.compile(r"[0-9]*|[ _-][\w ,()-]*")

_MAGIC = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"BM", "bmp"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"II+\0", "tiff"),
    (b"MM\0+", "tiff"),
)
# ISO/IEC 23008-12 annex B and the AV1 image format, section 8: the brands that name the codec. The
# general ones (mif1, msf1) say nothing about it, so the list of compatible brands is read as well.
_BRANDS = {
    b"avif": "avif", b"avis": "avif",
    b"heic": "heic", b"heix": "heic", b"heim": "heic", b"heis": "heic", b"hevc": "heic", b"hevx": "heic",
}  # fmt: skip
# Not pictures that any channel takes, but a person who sends one is told what it was.
_FOREIGN = (
    (b"8BPS", "Photoshop"),
    (b"%PDF", "PDF"),
    (b"SIMPLE  =", "FITS"),
    (b"<svg", "SVG"),
)


def sniff(data: bytes) -> str | None:
    """The key into `FORMATS` that the first bytes name, or None."""
    for magic, name in _MAGIC:
        if data.startswith(magic):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[4:8] == b"ftyp":
        return _sniff_brands(data)
    return None


def _sniff_brands(data: bytes) -> str | None:
    """Major brand first, then the compatible ones; a box of more than 64 brands comes from no camera."""
    end = min(int.from_bytes(data[:4], "big"), 16 + 4 * 64)
    brands = [data[8:12], *(data[at : at + 4] for at in range(16, end, 4))]
    return next((_BRANDS[brand] for brand in brands if brand in _BRANDS), None)


def agreed_format(data: bytes, *, filename: str, allowed: Collection[str]) -> str:
    """The allowed format that the leading bytes name, under a name that is not something else's.

    Raises InvalidFile: `unsupported_format` or `wrong_extension`.
    """
    found = sniff(data)
    if found is None or found not in allowed:
        raise InvalidFile(_unsupported(data, found, allowed), code="unsupported_format")
    check_ending(filename, KNOWN_EXTENSIONS, FORMATS[found].label)
    return found


def check_ending(filename: str, endings: Collection[str], label: str) -> None:
    """Raise InvalidFile (`wrong_extension`) where the name is that of something else than one of `endings`.

    Phones and browsers name a HEIC `.jpeg` and a WebP `.jpg`, and a browser's Blob has no ending. What is
    kept gets an ending of ours. Only the ending is looked at: the rest of a name is hostile.
    """
    ending = PurePosixPath(filename).suffix.lower().lstrip(".")
    if ending not in endings and not _NO_ENDING.fullmatch(ending):
        sentence = _("The extension of the file name does not match: the file is {label}.")
        raise InvalidFile(format_lazy(sentence, label=label), code="wrong_extension")


def _unsupported(data: bytes, found: str | None, allowed: Collection[str]) -> Sentence:
    foreign = next((label for magic, label in _FOREIGN if magic in data[:1024]), None)
    label = FORMATS[found].label if found else foreign
    names = ", ".join(known.label for name, known in FORMATS.items() if name in allowed)
    if label:
        return format_lazy(
            _("{label} files cannot be taken here. Allowed: {names}."), label=label, names=names
        )
    return format_lazy(_("This file is not a picture that can be taken here. Allowed: {names}."), names=names)
