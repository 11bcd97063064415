"""What an app asks of a video, and what it gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from photostore.intake import Rendition


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoLimits:
    formats: frozenset[str]
    """Of `formats.VIDEO_FORMATS`: mp4, mov, 3gp, avi, wmv, flv, webm, mkv."""
    max_bytes: int
    max_pixels: int = 2**26
    """Width times height of one frame. 8K is half of it."""


@dataclass(frozen=True, slots=True)
class CleanVideo:
    """A video that can be opened and of which a frame could be decoded. Its bytes stay as they are."""

    content_type: str
    extension: str
    width: int
    """Pixels as it is shown: turned upright, and stretched where its pixels are not square."""
    height: int
    duration_seconds: float
    thumbnails: Mapping[str, Rendition]
    """Of the first frame, as those of a picture: "96" and "256" squares, "640" fit, WebP."""
