"""Media files over HTTP: an image handed in, a deep page of the list, a video downloaded."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlencode

from bench.child import in_child
from bench.clients import Call, Clients, clients
from bench.rows import Row
from bench.sides import Side
from bench.sizes import size
from bench.surroundings import DOCUMENTED, serving, surroundings
from testing.pictures import phone_jpeg
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
_BOUNDARY = "photokeep-bench"


def rows() -> Iterable[Row]:
    """Both services run and take turns; the image keeps its full size in ours, 1920 pixels in theirs."""
    with surroundings(throwaway=True) as environment, clients(CLIENTS) as pool:
        folder = Path(environment["PHOTOKEEP_STATE_DIR"])
        clip, form = _clip(folder), _form(folder)
        said = in_child("bench.cabinet:found", environment, count=FILES, video=str(clip))
        in_child("bench.documented.media:found", environment | DOCUMENTED, count=FILES, video=str(clip))
        cursor = b64encode(urlencode({"p": said["newest"] - DEEP_ROW}).encode()).decode()
        deep = {"page_size": PAGE, "cursor": cursor}
        their_deep = {"page_size": PAGE, "page": DEEP_ROW // PAGE + 1}
        headers = {"Authorization": f"Bearer {said['token']}"}
        sent = headers | {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
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
        ours = environment | {"UPLOADS_PER_MINUTE": "1000000"}
        with serving(ours) as our_server, serving(environment | DOCUMENTED) as their_server:
            for name, (count, mine, their) in work.items():
                sides = (Side(our_server), mine), (Side(their_server), their)
                _take_turns(pool, count, *sides)
                yield from _rows(name, *(side for side, _call in sides))


def _clip(folder: Path) -> Path:
    """A small video with a filler in it, as large as a real one."""
    data = video("mp4")
    filler = VIDEO_BYTES - len(data)
    path = folder / "clip.mp4"
    path.write_bytes(data + filler.to_bytes(4, "big") + b"free" + bytes(filler - 8))
    return path


def _form(folder: Path) -> Path:
    head = (
        f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\n"
        'Content-Disposition: form-data; name="file"; filename="IMG_1.jpg"\r\n\r\n'
    )
    path = folder / "form"
    photo = phone_jpeg(1, MEGAPIXELS, orientation=6)
    path.write_bytes(head.encode() + photo + f"\r\n--{_BOUNDARY}--\r\n".encode())
    return path


def _take_turns(pool: Clients, count: int, *sides: tuple[Side, Call]) -> None:
    for side, call in sides:
        pool.make(side.server.port, [call] * CLIENTS * 2)
    for _round in range(ROUNDS):
        for side, call in sides:
            side.answer(pool, [call] * count, watch_memory=True)


def _rows(work: str, ours: Side, theirs: Side) -> Iterable[Row]:
    yield Row(
        work=work,
        unit="requests/s",
        ours=ours.per_second,
        baseline=theirs.per_second,
        target="reported",
        met=True,
        more_is_better=True,
    )
    yield Row(
        work=f"{work}, CPU of the workers for one",
        unit="ms",
        ours=ours.cpu_milliseconds,
        baseline=theirs.cpu_milliseconds,
        target="reported",
        met=True,
    )
    yield Row(
        work=f"{work}, peak memory of the larger worker",
        unit="MiB",
        ours=ours.peak.largest_mib,
        baseline=theirs.peak.largest_mib,
        target="reported",
        met=True,
    )
