"""The process in which a costly picture is taken in: see `apart`."""

from __future__ import annotations

import contextlib
import json
import re
import resource
import signal
import sys
from collections.abc import Iterator

from photostore.errors import InvalidFile
from photostore.intake.apart import READY
from photostore.intake.limits import CleanImage, ImageLimits
from photostore.intake.take_in import taken

# What libvips, libjpeg and libwebp say where they get no more; "unable to write to memory" is another thing.
_NO_ROOM = re.compile(r"out of memory|insufficient memory|OUT_OF_MEMORY|allocat", re.IGNORECASE)
# A worker of ours takes 150 MB before its first picture: that and this stay below 600 MB.
DATA_BYTES = 540 * 2**20
CPU_SECONDS = 9
# Longer than that only where the machine is busy with other things.
WALL_SECONDS = 60


def main() -> None:
    """Be confined, take in what stands at the standard input, answer."""
    signal.alarm(WALL_SECONDS)
    _confine(resource.RLIMIT_CORE, 0)
    _confine(resource.RLIMIT_DATA, DATA_BYTES)
    _confine(resource.RLIMIT_CPU, CPU_SECONDS)
    orders = json.loads(sys.argv[2])
    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()
    data = sys.stdin.buffer.read()
    try:
        clean = taken(data, orders["name"], ImageLimits(**orders["limits"]))
    except InvalidFile as refusal:
        pieces: Iterator[bytes] = iter([json.dumps({"refused": refusal.code}).encode()])
    except MemoryError:
        pieces = iter([b'{"refused": "too_costly"}'])
    except Exception as error:
        # As in `take_in`: whatever a decoder raises means the same.
        code = "too_costly" if _NO_ROOM.search(str(error)) else "undecodable"
        pieces = iter([json.dumps({"refused": code}).encode()])
    else:
        pieces = _answer(clean)
    with contextlib.suppress(BrokenPipeError):
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()


def _answer(clean: CleanImage) -> Iterator[bytes]:
    pictures = [clean.picture, *clean.thumbnails.values()]
    said = {
        "renditions": [(len(p.data), p.content_type, p.extension, p.width, p.height) for p in pictures],
        "thumbnails": list(clean.thumbnails),
        "source_sha256": clean.source_sha256,
        "pixel_sha256": clean.pixel_sha256,
        "dhash": clean.dhash,
        "taken_on": clean.taken_on.isoformat() if clean.taken_on else None,
        "source_format": clean.source_format,
    }
    yield json.dumps(said).encode() + b"\n"
    yield from (picture.data for picture in pictures)


def _confine(what: int, limit: int) -> None:
    _soft, hard = resource.getrlimit(what)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(what, (limit, hard))
