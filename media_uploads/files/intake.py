"""What a media file is: an image or a video, by its bytes, and how large it may be."""

from __future__ import annotations

import mimetypes

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from media_uploads.files.refusals import ImageTooLarge, InvalidType, VideoTooLarge
from media_uploads.models import MediaFile
from photostore.errors import Sentence
from photostore.intake import FORMATS, KNOWN_EXTENSIONS, ImageLimits, sniff
from photostore.uploads.handler import MEGABYTE
from photostore.videos import VIDEO_FORMATS, VideoLimits, sniff_video
from photostore.videos.formats import HEAD_BYTES, VIDEO_EXTENSIONS

__all__ = [
    "HEAD_BYTES",
    "IMAGE_LIMITS",
    "MAX_REQUEST_BYTES",
    "TOO_LARGE_FOR_ONE_REQUEST",
    "VIDEO_LIMITS",
    "check_announced",
    "check_beginning",
    "check_size",
    "kind_of",
]

Kind = MediaFile.Type

IMAGE_LIMITS = ImageLimits(
    formats=frozenset({"jpeg", "png", "gif", "webp", "bmp", "tiff"}),
    max_bytes=10 * MEGABYTE,
    max_side=None,
    jpeg_quality=95,
    animation=True,
    keep_format=True,
)
VIDEO_LIMITS = VideoLimits(formats=frozenset(VIDEO_FORMATS), max_bytes=100 * MEGABYTE)
# What one request may bring: a larger video comes by direct or resumable upload.
MAX_REQUEST_BYTES = 50 * MEGABYTE
TOO_LARGE_FOR_ONE_REQUEST = _("File too large for one request. Maximum size is 50MB")

_IMAGES = ", ".join(known.label for name, known in FORMATS.items() if name in IMAGE_LIMITS.formats)
_VIDEOS = ", ".join(known.label for known in VIDEO_FORMATS.values())
# Python's table does not know what phones and players write.
_MORE_TYPES = {".heic": "image/heic", ".heif": "image/heif", ".avif": "image/avif", ".m3u8": "video/hls"}
_PICTURES = (b"8BPS", b"SIMPLE  =", b"<svg")


def kind_of(head: bytes, filename: str) -> MediaFile.Type:
    """Whether the first `HEAD_BYTES` bytes begin an image or a video that is taken here.

    The name serves only to choose the sentence. Raises `InvalidType`.
    """
    image = sniff(head)
    if image in IMAGE_LIMITS.formats:
        return Kind.IMAGE
    if image is None and sniff_video(head):
        return Kind.VIDEO
    raise InvalidType(_refusal("image" if image else _guess(head, filename)))


def check_announced(filename: str, byte_count: int) -> None:
    """Judge by its name and size a file whose bytes are still to come.

    Raises `InvalidType`, `ImageTooLarge` or `VideoTooLarge`.
    """
    ending = filename.rpartition(".")[2].lower()
    if KNOWN_EXTENSIONS.get(ending) in IMAGE_LIMITS.formats:
        check_size(Kind.IMAGE, byte_count)
    elif ending in VIDEO_EXTENSIONS:
        check_size(Kind.VIDEO, byte_count)
    else:
        raise InvalidType(_refusal(_guess(b"", filename)))


def _guess(head: bytes, filename: str) -> str:
    """`image`, `video` or whatever else the name and well-known beginnings suggest."""
    if any(magic in head[:1024] for magic in _PICTURES):
        return "image"
    ending = filename[filename.rfind(".") :].lower()
    return (_MORE_TYPES.get(ending) or mimetypes.guess_type(f"a{ending}")[0] or "").partition("/")[0]


def _refusal(kind: str) -> Sentence:
    if kind == "image":
        return format_lazy(_("Invalid image type. Allowed types: {names}"), names=_IMAGES)
    if kind == "video":
        return format_lazy(_("Invalid video type. Allowed types: {names}"), names=_VIDEOS)
    return format_lazy(_("Invalid file type. Allowed types: {names}"), names=f"{_IMAGES}, {_VIDEOS}")


def check_size(kind: str, byte_count: int) -> None:
    """Raise `ImageTooLarge` or `VideoTooLarge`."""
    if kind == Kind.IMAGE and byte_count > IMAGE_LIMITS.max_bytes:
        raise ImageTooLarge
    if kind == Kind.VIDEO and byte_count > VIDEO_LIMITS.max_bytes:
        raise VideoTooLarge


def check_beginning(head: bytes, byte_count: int) -> None:
    """While a file comes in that begins with `head`: raise `ImageTooLarge` before it is read whole."""
    if byte_count > IMAGE_LIMITS.max_bytes and sniff(head):
        raise ImageTooLarge
