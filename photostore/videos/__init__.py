"""Taking in a video: looked at in a process of its own, kept byte for byte; pure, no ORM.

from photostore.videos import VideoLimits, take_in_video
"""

from photostore.videos.formats import VIDEO_EXTENSIONS, VIDEO_FORMATS, VideoFormat, sniff_video
from photostore.videos.limits import CleanVideo, VideoLimits
from photostore.videos.take_in import take_in_video

__all__ = [
    "VIDEO_EXTENSIONS",
    "VIDEO_FORMATS",
    "CleanVideo",
    "VideoFormat",
    "VideoLimits",
    "sniff_video",
    "take_in_video",
]
