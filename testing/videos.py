"""Videos for tests and benches, made by PyAV: every container that is taken, and some that are not."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import av
import av.error
import av.logging

av.logging.set_level(None)

# Upper left, upper right, lower left, lower right: a turned picture shows.
CORNERS = ((220, 30, 30), (30, 200, 30), (30, 30, 220), (230, 230, 230))


@dataclass(frozen=True, slots=True)
class Container:
    muxer: str
    codec: str
    content_type: str
    size: tuple[int, int] = (160, 120)
    pixels: str = "yuv420p"


CONTAINERS = {
    "mp4": Container("mp4", "libx264", "video/mp4"),
    "avi": Container("avi", "mpeg4", "video/x-msvideo"),
    "mov": Container("mov", "mpeg4", "video/quicktime"),
    "wmv": Container("asf", "wmv2", "video/x-ms-wmv"),
    "flv": Container("flv", "flv", "video/x-flv"),
    "webm": Container("webm", "libvpx-vp9", "video/webm"),
    "mkv": Container("matroska", "libx264", "video/x-matroska"),
    # H.263 knows five sizes; its pixels are wider than high by 12:11.
    "3gp": Container("3gp", "h263", "video/3gpp", (176, 144)),
}


@cache
def video(
    name: str = "mp4", *, frames: int = 20, black: int = 0, audio: bool = False, **changes: Any
) -> bytes:
    """`frames` frames at 10 a second of four coloured quarters, as `name` of CONTAINERS is made.

    The first `black` of them are black. `changes` replace fields of the container: another codec or size.
    """
    recipe = CONTAINERS[name]
    how = {field: getattr(recipe, field) for field in ("muxer", "codec", "size", "pixels")} | changes
    file = io.BytesIO()
    with av.open(file, "w", format=how["muxer"]) as container:
        stream: Any = container.add_stream(how["codec"], rate=10)
        stream.width, stream.height = how["size"]
        stream.pix_fmt = how["pixels"]
        sound = container.add_stream("aac", rate=48000) if audio else None
        for number in range(frames):
            container.mux(stream.encode(_frame(how["size"], number, is_black=number < black)))
        container.mux(stream.encode(None))
        if sound:
            _hum(container, sound, seconds=max(1, frames // 10))
    return file.getvalue()


def _frame(size: tuple[int, int], number: int, *, is_black: bool = False) -> Any:
    from PIL import Image

    picture = Image.new("RGB", (2, 2))
    picture.putdata([(0, 0, 0)] * 4 if is_black else CORNERS)
    made: Any = av.VideoFrame  # its methods have no types
    frame = made.from_image(picture.resize(size, Image.Resampling.NEAREST))
    frame.pts, frame.time_base = number, Fraction(1, 10)
    return frame


def _hum(container: Any, sound: Any, *, seconds: int) -> None:
    for number in range(seconds * 48000 // 1024):
        frame = av.AudioFrame(format="fltp", layout="stereo", samples=1024)
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.pts, frame.sample_rate, frame.time_base = number * 1024, 48000, Fraction(1, 48000)
        container.mux(sound.encode(frame))
    container.mux(sound.encode(None))


@cache
def song(muxer: str = "mp4", *, cover: bool = False) -> bytes:
    """Sound alone; with `cover` a picture on it that does not move."""
    file = io.BytesIO()
    with av.open(file, "w", format=muxer) as container:
        sound: Any = container.add_stream("aac", rate=48000)
        picture: Any = None
        if cover:
            from av.stream import Disposition

            picture = container.add_stream("mjpeg", rate=1)
            picture.width, picture.height, picture.pix_fmt = 64, 64, "yuvj420p"
            picture.disposition = Disposition.attached_pic
        if picture:
            container.mux(picture.encode(_frame((64, 64), 0)))
            container.mux(picture.encode(None))
        _hum(container, sound, seconds=1)
    return file.getvalue()


def mirrored(data: bytes, *matrix: int) -> bytes:
    """An MP4 that says in its `tkhd` by a, b, c, d how it is to be shown."""
    at = data.index(b"tkhd") + 4 + 40
    a, b, c, d = (value << 16 for value in matrix)
    return data[:at] + struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30) + data[at + 36 :]


def turned(mp4: bytes) -> bytes:
    """The same MP4 or MOV, held upright while it was filmed: to be turned clockwise by a quarter."""
    at = mp4.index(b"tkhd") + 4 + 40
    matrix = (0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000)
    words = b"".join(number.to_bytes(4, "big", signed=True) for number in matrix)
    return mp4[:at] + words + mp4[at + 36 :]


def lying(mp4: bytes, *, seconds: int) -> bytes:
    """The same MP4, whose header says that it lasts as long as that."""
    at = mp4.index(b"mvhd") + 4 + 12
    scale = int.from_bytes(mp4[at : at + 4], "big")
    return mp4[: at + 4] + (seconds * scale).to_bytes(4, "big") + mp4[at + 8 :]
