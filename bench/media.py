"""Media files over HTTP: an image handed in, a deep page of the list, a video downloaded."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlencode

from bench.child import in_child
from bench.clients import FORM, Call, clients, photo_form
from bench.rows import Row
from bench.sides import Turns, largest_worker, rate_and_cpu
from bench.sizes import size
from bench.surroundings import DOCUMENTED, both_serving, surroundings
from testing.videos import video

MEGABYTE = 1_048_576
MEGAPIXELS = 12
VIDEO_BYTES = 8 * MEGABYTE
# As many as the quota of one person allows, with room for what the bench hands in.
FILES = size(9_000, 100)
PAGE = size(100, 10)
DEEP_ROW = size(8_000, 80)
CLIENTS = 4
ROUNDS = size(2, 1)
UPLOADS = size(12, 2)
LISTS = size(60, 3)
DOWNLOADS = size(60, 3)


def rows() -> Iterable[Row]:
    """Both services run and take turns; the image keeps its full size in ours, 1920 pixels in theirs."""
    unlimited = {"UPLOADS_PER_MINUTE": "1000000"}
    with surroundings(throwaway=True, **unlimited) as environment, clients(CLIENTS) as pool:
        folder = Path(environment["PHOTOKEEP_STATE_DIR"])
        clip, form = _clip(folder), photo_form(folder, "file", seed=1, megapixels=MEGAPIXELS)
        said = in_child("bench.handing_in:found", environment, count=FILES, video=str(clip))
        in_child("bench.documented.filling:media", environment | DOCUMENTED, count=FILES, video=str(clip))
        cursor = b64encode(urlencode({"p": said["newest"] - DEEP_ROW}).encode()).decode()
        deep = {"page_size": PAGE, "cursor": cursor}
        their_deep = {"page_size": PAGE, "page": DEEP_ROW // PAGE + 1}
        headers = {"Authorization": f"Bearer {said['token']}"}
        sent = headers | FORM
        work = {
            f"upload of an image of {MEGAPIXELS} MP": (
                UPLOADS,
                Call("POST", f"/media/upload/{said['persona']}", sent, form, status=201),
                Call("POST", "/documented/media/", sent, form, status=201),
            ),
            f"page of {PAGE} media files at row {DEEP_ROW}": (
                LISTS,
                Call("GET", f"/media/files?{urlencode(deep)}", headers),
                Call("GET", f"/documented/media/list/?{urlencode(their_deep)}", headers),
            ),
            f"download of a video of {VIDEO_BYTES // MEGABYTE} MB": (
                DOWNLOADS,
                Call("GET", f"/media/download/{said['file']}", headers),
                Call("GET", "/documented/media/1/", headers),
            ),
        }
        with both_serving(environment) as servers:
            turns = Turns(pool, servers, CLIENTS * 2, ROUNDS, watch_memory=True)
            for name, (count, ours, theirs) in work.items():
                sides = turns.repeat(ROUNDS * count, ours, theirs)
                yield from rate_and_cpu(name, *sides)
                yield largest_worker(name, *sides)


def _clip(folder: Path) -> Path:
    """A small video with a filler in it, as large as a real one."""
    data = video("mp4")
    filler = VIDEO_BYTES - len(data)
    path = folder / "clip.mp4"
    path.write_bytes(data + filler.to_bytes(4, "big") + b"free" + bytes(filler - 8))
    return path
