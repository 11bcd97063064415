"""Looks at one video, in a process that can do no harm: a decoder's bug or a bomb ends only this process.

`python -I probe.py ORDERS < video`. It opens what stands at its standard input and writes `READY`, a line
of JSON and, where a frame could be decoded, that frame as a PNG. It is run as a plain file, so that it
starts without Django and without the service's secrets.

What holds it: limits of memory, of processor seconds and of time; from the first byte of the video on it
can open no file and no socket, whatever a container refers to; one demuxer, chosen by us; decoders of a list.
"""

from __future__ import annotations

import io
import json
import math
import resource
import signal
import struct
import sys
import time
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

if TYPE_CHECKING:
    import av
    from av.container import InputContainer

READY = b"ready\n"

# 8K takes 50 MB a frame, and decoders keep several. No request costs more than 600 MB and 10 seconds.
MEMORY_BYTES = 540 * 2**20
CPU_SECONDS = 9
# Longer than that only where the machine is busy with other things.
WALL_SECONDS = 45
POSTER_SIDE = 1280
# A damaged beginning is passed over, but not half a film.
PATIENT_PACKETS = 500
# Many films begin black: the poster is the first frame that shows something, looked for as long as this.
DARK_PACKETS = 300
DARK_CPU_SECONDS = 3
_SMALL = (64, 36)
_DARK, _BRIGHT_SHARE = 40, 0.02
# What cameras, phones and programs wrote in the last thirty years; FFmpeg has 250 more.
DECODERS = (
    *("h264", "hevc", "av1", "libdav1d", "vp8", "vp9", "theora", "vp6", "vp6a", "vp6f"),
    *("mpeg4", "mpeg1video", "mpeg2video", "h261", "h263", "h263i", "flv", "mjpeg", "mjpegb"),
    *("msmpeg4v1", "msmpeg4v2", "msmpeg4", "wmv1", "wmv2", "wmv3", "vc1", "mss2"),
    *("svq1", "svq3", "cinepak", "rpza", "qtrle", "dvvideo", "prores", "dnxhd", "cfhd"),
    *("rawvideo", "huffyuv", "ffvhuff", "ffv1", "png", "msvideo1", "indeo5", "flashsv", "flashsv2"),
)
DEMUXERS = ("mov", "avi", "asf", "flv", "matroska")


class Unusable(Exception):
    """What is wrong, in one of our codes."""


def main() -> None:
    signal.alarm(WALL_SECONDS)
    _confine(resource.RLIMIT_CORE, 0)
    _confine(resource.RLIMIT_DATA, MEMORY_BYTES)
    _confine(resource.RLIMIT_CPU, CPU_SECONDS)
    orders = json.loads(sys.argv[1])
    av = _libraries()
    _say(READY)
    with open(0, "rb", buffering=0) as file:
        _confine(resource.RLIMIT_NOFILE, 0)
        try:
            found, poster = _look(av, file, **orders)
        except Unusable as refusal:
            found, poster = {"refused": str(refusal)}, b""
        except MemoryError:
            found, poster = {"refused": "too_many_pixels"}, b""
        except Exception as error:
            # As in the intake of images: whatever a decoder raises means the same.
            found, poster = {"refused": "undecodable", "why": repr(error)[:300]}, b""
    _say(json.dumps(found).encode() + b"\n" + poster)


def _libraries() -> Any:
    """PyAV, and all that it and we would import along the way, when no file can be opened any more."""
    import av
    import av.audio.codeccontext
    import av.stream
    import av.subtitles.codeccontext
    import av.subtitles.stream
    import av.video.codeccontext
    from PIL import Image

    Image.preinit()
    return av


def _confine(what: int, limit: int) -> None:
    _soft, hard = resource.getrlimit(what)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(what, (limit, limit))


def _say(words: bytes) -> None:
    sys.stdout.buffer.write(words)
    sys.stdout.buffer.flush()


def _look(library: Any, file: BinaryIO, *, demuxer: str, max_pixels: int) -> tuple[dict[str, object], bytes]:
    options = {
        "format_whitelist": ",".join(DEMUXERS),
        "codec_whitelist": ",".join(DECODERS),
        "protocol_whitelist": "",
    }
    if demuxer == "mov":
        options |= {"enable_drefs": "0", "use_absolute_path": "0"}
    with library.open(file, format=demuxer, container_options=options, io_open=_refuse) as container:
        stream = _video_of(container)
        _check_size(stream.codec_context.width, stream.codec_context.height, max_pixels)
        stream.codec_context.options = {"max_pixels": str(max_pixels)}
        stream.codec_context.thread_count = 1
        frame, seconds = _first_frame_and_duration(library, container, stream)
        _check_size(frame.width, frame.height, max_pixels)
        width, height, poster = _shown(frame, stream)
    return {"width": width, "height": height, "duration": seconds}, poster


def _refuse(*_: object) -> NoReturn:
    raise PermissionError("Nothing but the video itself is ever opened.")


def _video_of(container: InputContainer) -> av.VideoStream:
    """The first stream of moving pictures; a song's cover is none."""
    from av.stream import Disposition

    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic and stream.codec_context is not None:
            if stream.codec_context.codec.name not in DECODERS:
                raise Unusable("unsupported_codec")
            return stream
    raise Unusable("no_video")


def _check_size(width: int, height: int, max_pixels: int) -> None:
    if width * height > max_pixels:
        raise Unusable("too_many_pixels")


def _first_frame_and_duration(
    library: Any, container: InputContainer, stream: av.VideoStream
) -> tuple[av.VideoFrame, float]:
    """Decodes up to a frame that shows something, and then only counts on: headers are not believed."""
    frame, tried, is_dark = None, 0, True
    begins, ends = math.inf, -math.inf
    for packet in _packets(library, container):
        at = packet.pts if packet.pts is not None else packet.dts
        if at is not None and packet.time_base and packet.stream.type in {"video", "audio"}:
            begins = min(begins, float(at * packet.time_base))
            ends = max(ends, float((at + (packet.duration or 0)) * packet.time_base))
        if is_dark and packet.stream.index == stream.index:
            tried += 1
            if frame is None and tried > PATIENT_PACKETS:
                break
            found = _decoded(library, packet)
            is_dark = found is None or _shows_nothing(found)
            frame = found if frame is None or not is_dark else frame
            if frame is not None and (tried > DARK_PACKETS or time.process_time() > DARK_CPU_SECONDS):
                is_dark = False  # a night scene: the first frame is as good as any
    if frame is None:
        raise Unusable("undecodable")
    counted = max(0.0, ends - begins) if ends > begins else 0.0
    return frame, round(_believable(container.duration, counted), 3)


def _packets(library: Any, container: InputContainer) -> Any:
    """Every packet up to the end of the file, or to where it is damaged."""
    try:
        yield from container.demux()
    except library.error.FFmpegError:
        return


def _decoded(library: Any, packet: Any) -> av.VideoFrame | None:
    try:
        frames: Any = packet.decode()
    except library.error.FFmpegError:
        return None
    return next((frame for frame in frames if not frame.is_corrupt and frame.width and frame.height), None)


def _shows_nothing(frame: Any) -> bool:
    """Whether next to nothing of it is brighter than black."""
    plane = frame.reformat(width=_SMALL[0], height=_SMALL[1], format="gray").planes[0]
    data, step = bytes(plane), plane.line_size
    seen = b"".join(data[at * step : at * step + _SMALL[0]] for at in range(_SMALL[1]))
    return sum(level > _DARK for level in seen) < _BRIGHT_SHARE * len(seen)


def _believable(microseconds: int | None, counted: float) -> float:
    """What the header says, which knows how long the last frame stays, unless it lies."""
    said = (microseconds or 0) / 1_000_000
    return said if said > 0 and abs(said - counted) <= max(1.0, counted / 20) else counted


def _shown(frame: av.VideoFrame, stream: av.VideoStream) -> tuple[int, int, bytes]:
    """Width and height as a player shows them, and the picture."""
    from PIL import Image

    width, height = frame.width, frame.height
    aspect = stream.sample_aspect_ratio
    if aspect and 1 / 4 <= aspect <= 4:
        width = max(1, round(width * aspect))
    scale = min(1.0, POSTER_SIDE / max(width, height))
    shown: Any = frame
    picture = shown.to_image(width=max(1, round(width * scale)), height=max(1, round(height * scale)))
    turn = _turn(frame)
    if turn is not None:
        picture = picture.transpose(getattr(Image.Transpose, turn))
    if turn in _ON_ITS_SIDE:
        width, height = height, width
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1)
    return width, height, file.getvalue()


# By a, b, c, d of the display matrix: x goes to ax + cy, y (downwards) to bx + dy (ISO/IEC 14496-12, 6.2.2).
_TURNS = {
    (-1, 0, 0, 1): "FLIP_LEFT_RIGHT",
    (1, 0, 0, -1): "FLIP_TOP_BOTTOM",
    (-1, 0, 0, -1): "ROTATE_180",
    (0, 1, -1, 0): "ROTATE_270",
    (0, -1, 1, 0): "ROTATE_90",
    (0, 1, 1, 0): "TRANSPOSE",
    (0, -1, -1, 0): "TRANSVERSE",
}
_ON_ITS_SIDE = {"ROTATE_270", "ROTATE_90", "TRANSPOSE", "TRANSVERSE"}


def _turn(frame: Any) -> str | None:
    """How it must be turned or mirrored, as Pillow calls it, to be seen as a player shows it."""
    matrix = next((bytes(data) for data in frame.side_data if data.type.name == "DISPLAYMATRIX"), b"")
    if len(matrix) < 20:
        return None
    a, b, _u, c, d = (value / 65536 for value in struct.unpack("=5i", matrix[:20]))
    if abs(a) + abs(d) >= abs(b) + abs(c):
        b = c = 0
    else:
        a = d = 0
    signs = tuple((value > 0) - (value < 0) for value in (a, b, c, d))
    return _TURNS.get(signs)


if __name__ == "__main__":
    main()
