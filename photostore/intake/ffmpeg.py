"""FFmpeg's decoders, by PyAV: loaded when a picture needs one, for it takes 26 MB and most need none."""

from __future__ import annotations

from functools import cache
from typing import Any


def decoder(name: str) -> Any:
    """A new one, with one thread: the workers are the parallelism."""
    context = _library().CodecContext.create(name, "r")
    context.thread_count = 1
    return context


def packet(data: bytes) -> Any:
    return _library().Packet(data)


def reformatted(frame: Any, width: int, height: int, form: str, **options: Any) -> Any:
    """The frame in another size and form, as swscale makes it."""
    return _reformatter().reformat(frame, width, height, form, **options)


@cache
def _library() -> Any:
    import av

    av.logging.set_level(None)
    return av


def _reformatter() -> Any:
    return _library().video.reformatter.VideoReformatter()
