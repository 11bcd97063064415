"""Costly pictures are taken in by a process of their own, which the kernel ends where they cost too much.

What a picture costs is not measured by its pixels alone: its packing, its scans and its frames can cost a
hundred times as much, and no header says so. The process may take so much memory and so many processor
seconds; a decoder's bug ends only this process.

It answers in plain bytes, never in a form that could run as code: a line of JSON, then the renditions.
"""

from __future__ import annotations

import datetime
import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, BinaryIO

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from photostore.errors import Busy, InvalidFile
from photostore.intake import line
from photostore.intake.limits import CleanImage, ImageLimits, Rendition

READY = b"ready\n"
_HOME = Path(__file__).resolve().parent.parent.parent
_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1]); from photostore.intake.apart_program import main; main()"
)
_TOO_MUCH = frozenset({signal.SIGXCPU, signal.SIGABRT, signal.SIGTRAP, signal.SIGKILL})


def take_in_apart(data: bytes, name: str, limits: ImageLimits) -> CleanImage:
    """As `take_in.taken`, elsewhere. Raises InvalidFile (`too_costly`, `undecodable`, …) and Busy."""
    orders = json.dumps(
        {"name": name, "limits": asdict(replace(limits, formats=frozenset())) | {"formats": []}}
    )
    # Of our environment it gets only what the dynamic linker may need; no secret.
    environment = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    command = [sys.executable, "-I", "-c", _PROGRAM, str(_HOME), orders]
    with tempfile.TemporaryFile() as handed, tempfile.TemporaryFile() as answer:
        handed.write(data)
        handed.seek(0)
        process = subprocess.Popen(
            command, stdin=handed, stdout=answer, stderr=subprocess.DEVNULL, env=environment, cwd="/"
        )
        _pid, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        line.charge(used.ru_utime + used.ru_stime)
        answer.seek(0)
        return _understood(answer, process.returncode, limits)


def _understood(answer: BinaryIO, return_code: int, limits: ImageLimits) -> CleanImage:
    if answer.readline() != READY or return_code == -signal.SIGALRM:
        raise Busy
    if return_code < 0:
        raise too_costly() if -return_code in _TOO_MUCH else undecodable()
    said: dict[str, Any] = json.loads(answer.readline())
    if code := said.get("refused"):
        refusals = {"too_costly": too_costly(), "too_many_pixels": too_many_pixels(limits)}
        raise refusals.get(code) or undecodable()
    pictures = [Rendition(answer.read(size), *rest) for size, *rest in said["renditions"]]
    taken_on = said["taken_on"]
    return CleanImage(
        picture=pictures[0],
        thumbnails=dict(zip(said["thumbnails"], pictures[1:], strict=True)),
        source_sha256=said["source_sha256"],
        pixel_sha256=said["pixel_sha256"],
        dhash=said["dhash"],
        taken_on=datetime.date.fromisoformat(taken_on) if taken_on else None,
        source_format=said["source_format"],
    )


def too_costly() -> InvalidFile:
    """What to say of a picture that takes more memory or time than any honest one needs."""
    return InvalidFile(
        _("This picture takes too much memory or time to open. Please save it as a plain JPEG."),
        code="too_costly",
    )


def undecodable() -> InvalidFile:
    """What to say of a picture over which the decoder stumbled."""
    return InvalidFile(
        _("The picture is damaged or incomplete and cannot be read. Please send the original file."),
        code="undecodable",
    )


def too_many_pixels(limits: ImageLimits) -> InvalidFile:
    """What to say of a picture that is too large."""
    return InvalidFile(
        format_lazy(
            _("The picture is too large: more than {megapixels} million pixels. Please send a smaller one."),
            megapixels=limits.max_pixels // 1_000_000,
        ),
        code="too_many_pixels",
    )
