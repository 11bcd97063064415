"""Which container the bytes are, by their first bytes, and whether the name agrees. Reads nothing else."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from photostore.errors import InvalidFile
from photostore.intake.formats import check_ending

# As much as `sniff_video` looks at.
HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True)
class VideoFormat:
    """A container that some channel may take. The first extension is the one for keys."""

    label: str
    content_type: str
    extensions: tuple[str, ...]
    demuxer: str
    """The one part of FFmpeg that ever sees such a file."""


VIDEO_FORMATS: Mapping[str, VideoFormat] = {
    "mp4": VideoFormat("MP4", "video/mp4", ("mp4", "m4v"), "mov"),
    "avi": VideoFormat("AVI", "video/x-msvideo", ("avi",), "avi"),
    "mov": VideoFormat("MOV", "video/quicktime", ("mov", "qt"), "mov"),
    "wmv": VideoFormat("WMV", "video/x-ms-wmv", ("wmv", "asf"), "asf"),
    "flv": VideoFormat("FLV", "video/x-flv", ("flv",), "flv"),
    "webm": VideoFormat("WebM", "video/webm", ("webm",), "matroska"),
    "mkv": VideoFormat("MKV", "video/x-matroska", ("mkv",), "matroska"),
    "3gp": VideoFormat("3GP", "video/3gpp", ("3gp", "3gpp", "3g2"), "mov"),
}
VIDEO_EXTENSIONS: Mapping[str, str] = {
    extension: name for name, known in VIDEO_FORMATS.items() for extension in known.extensions
}

_EBML = b"\x1a\x45\xdf\xa3"
_DOCTYPE = b"\x42\x82"
_MAGIC: tuple[tuple[int, bytes, tuple[str, ...]], ...] = (
    (0, b"FLV\x01", ("flv",)),
    (0, bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), ("wmv",)),
    # QuickTime before 2001 has no `ftyp`; its files begin with one of these atoms.
    *((4, atom, ("mov",)) for atom in (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")),
)


def sniff_video(head: bytes) -> tuple[str, ...]:
    """The keys into `VIDEO_FORMATS` that the first `HEAD_BYTES` bytes name, the likeliest first.

    Several, because MP4 and 3GP are one container, and a file may say that it is both: phones write that.
    """
    if head[4:8] == b"ftyp":
        return _brands(head)
    if head.startswith(_EBML):
        return _doctype(head)
    if head.startswith(b"RIFF"):
        return ("avi",) if head[8:12] == b"AVI " else ()
    return next((names for at, magic, names in _MAGIC if head.startswith(magic, at)), ())


def _brands(head: bytes) -> tuple[str, ...]:
    """Of the `ftyp` box (ISO/IEC 14496-12, 4.3), major brand first; over 64 brands come from no camera."""
    end = min(int.from_bytes(head[:4], "big"), 16 + 4 * 64, len(head))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, end, 4))]
    names = (_brand(brand) for brand in brands if brand.strip(b"\0"))
    return tuple(dict.fromkeys(names))


def _brand(brand: bytes) -> str:
    if brand == b"qt  ":
        return "mov"
    return "3gp" if brand[:2] == b"3g" else "mp4"


def _doctype(head: bytes) -> tuple[str, ...]:
    """Of the EBML header (RFC 8794, 11.2.4): one byte of length and then the word."""
    at = head.find(_DOCTYPE, 4, 256)
    if at < 0:
        return ()
    word = head[at + 3 : at + 3 + (head[at + 2] & 0x7F)]
    return {b"webm": ("webm",), b"matroska": ("mkv",)}.get(word.rstrip(b"\0"), ())


def agreed_video_format(head: bytes, *, filename: str, allowed: Collection[str]) -> str:
    """The allowed format that the leading bytes name; of several the one that the name says, too.

    Raises InvalidFile: `unsupported_format` or `wrong_extension`.
    """
    found = [name for name in sniff_video(head) if name in allowed]
    if not found:
        names = ", ".join(known.label for name, known in VIDEO_FORMATS.items() if name in allowed)
        raise InvalidFile(
            format_lazy(_("Invalid video type. Allowed types: {names}"), names=names),
            code="unsupported_format",
        )
    check_ending(filename, VIDEO_EXTENSIONS, VIDEO_FORMATS[found[0]].label)
    ending = PurePosixPath(filename).suffix.lower().lstrip(".")
    return next((name for name in found if ending in VIDEO_FORMATS[name].extensions), found[0])
