"""Bytes in, what is known of the video out. Pure: no database, no storage."""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any, BinaryIO, cast

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from photostore.errors import Busy, FileTooLarge, InvalidFile, Sentence, StorageFull
from photostore.intake import ImageLimits, Rendition, take_in_image
from photostore.intake.line import at_most, in_line
from photostore.videos import probe
from photostore.videos.formats import HEAD_BYTES, VIDEO_FORMATS, agreed_video_format
from photostore.videos.limits import CleanVideo, VideoLimits

logger = logging.getLogger(__name__)

# Each may take the probe's memory for a moment.
_PROBES = BoundedSemaphore(2)
_PROGRAM = Path(probe.__file__)
# A poster of 1280 by 1280 pixels without any compression takes less.
MAX_ANSWER_BYTES = 8 * 2**20
_POSTER = ImageLimits(formats=frozenset({"png"}), max_bytes=MAX_ANSWER_BYTES, max_side=None)
_SENTENCES: dict[str, Sentence] = {
    "no_video": _("This file contains no video."),
    "unsupported_codec": _("This kind of video cannot be read. Please convert it to MP4."),
    "too_many_pixels": _("The video's pictures are too large. Please send a smaller one."),
    "undecodable": _("The video is damaged or incomplete and cannot be read. Please send the original file."),
}


def take_in_video(file: BinaryIO, *, filename: str, limits: VideoLimits) -> CleanVideo:
    """What is known of the video in `file`, which can seek; its bytes are not changed.

    `filename` is looked at for its ending only. The cheap questions come first; then a process of its own
    opens the container and decodes one frame (see `probe`).

    Raises FileTooLarge (`file_too_large`), InvalidFile with one of the codes `empty_file`,
    `unsupported_format`, `wrong_extension`, `no_video`, `unsupported_codec`,
    `too_many_pixels`, `undecodable`, and `Busy` or `StorageFull` where the machine had no room to look.
    """
    byte_size = file.seek(0, os.SEEK_END)
    if not byte_size:
        raise InvalidFile(_("The file is empty."), code="empty_file")
    if byte_size > limits.max_bytes:
        raise FileTooLarge(
            format_lazy(_("The file is larger than {megabytes} MB."), megabytes=limits.max_bytes // 2**20)
        )
    file.seek(0)
    name = agreed_video_format(file.read(HEAD_BYTES), filename=filename, allowed=limits.formats)
    with in_line(), at_most(_PROBES), _with_descriptor(file) as descriptor:
        found, poster = _probed(descriptor, VIDEO_FORMATS[name].demuxer, limits)
    return CleanVideo(
        content_type=VIDEO_FORMATS[name].content_type,
        extension=VIDEO_FORMATS[name].extensions[0],
        width=int(found["width"]),
        height=int(found["height"]),
        duration_seconds=float(found["duration"]),
        thumbnails=_thumbnails(poster),
    )


@contextmanager
def _with_descriptor(file: BinaryIO) -> Iterator[int]:
    """A descriptor that another process can read `file` by, from its beginning."""
    file.seek(0)
    try:
        descriptor = file.fileno()
    except OSError:  # it lives in memory
        with tempfile.TemporaryFile() as copy:
            try:
                shutil.copyfileobj(file, copy)
                copy.seek(0)
            except OSError as error:
                raise StorageFull from error
            yield copy.fileno()
        return
    os.lseek(descriptor, 0, os.SEEK_SET)
    yield descriptor


def _probed(descriptor: int, demuxer: str, limits: VideoLimits) -> tuple[dict[str, Any], bytes]:
    """What the probe says, and the poster as a PNG. Raises InvalidFile and Busy."""
    orders = json.dumps({"demuxer": demuxer, "max_pixels": limits.max_pixels})
    # Of our environment it gets only what the dynamic linker may need; no secret.
    environment = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    command = [sys.executable, "-I", str(_PROGRAM), orders]
    try:
        with subprocess.Popen(
            command,
            stdin=descriptor,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd="/",
        ) as process:
            answer = cast(BinaryIO, process.stdout).read(MAX_ANSWER_BYTES)
            process.kill()
    except OSError as error:
        logger.exception("The process that looks at videos could not be started.")
        raise Busy from error
    return _understood(answer, process.returncode)


def _understood(answer: bytes, return_code: int) -> tuple[dict[str, Any], bytes]:
    ready, _newline, rest = answer.partition(b"\n")
    line, _newline, poster = rest.partition(b"\n")
    if ready + b"\n" != probe.READY or (not line and return_code == -signal.SIGALRM):
        logger.error("A video could not be looked at: %s, exit code %d.", answer[:300], return_code)
        raise Busy
    try:
        found: dict[str, Any] = json.loads(line)
    except ValueError:
        # The decoder crashed, or took more memory or time than any honest video needs.
        logger.warning("The process that looks at videos died of one, exit code %d.", return_code)
        found = {"refused": "undecodable"}
    if code := found.get("refused"):
        logger.info("A video was refused: %s %s", code, found.get("why", ""))
        raise InvalidFile(_SENTENCES[code], code=code)
    return found, poster


def _thumbnails(poster: bytes) -> dict[str, Rendition]:
    return dict(take_in_image(poster, filename="poster.png", limits=_POSTER).thumbnails)
