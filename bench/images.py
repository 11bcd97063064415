"""User images over HTTP: in, listed, and out; against the documented views in the same run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.child import in_child
from bench.clients import Call, Clients, clients
from bench.rows import Row
from bench.sides import Side
from bench.sizes import size
from bench.surroundings import DOCUMENTED, WORKERS, serving, surroundings
from testing.pictures import phone_jpeg

CLIENTS = 4
MEGAPIXELS = 12
LISTED = 100
# Besides those: a page at this row costs what the first one does.
DEEP_ROW = size(9_000, 200)
IMAGES = size(10_000, 400)
WARM_UP = size(8, 2)
UPLOADS = size(32, 3)
REQUESTS = size(300, 5)
ROUNDS = size(4, 1)
TIMES_FASTER_JSON = 2.5
MAX_TIMES_PAGE_1 = 1.5
_BOUNDARY = "photokeep-bench"


def rows() -> Iterable[Row]:
    """Both services run, with the same images of the same person, and take turns at being busy."""
    with surroundings(throwaway=False) as environment, clients(CLIENTS) as pool:
        environment |= {"UPLOADS_PER_MINUTE": "100000", "USER_QUOTA_FILES": "100000", "LOG_LEVEL": "WARNING"}
        state = Path(environment["PHOTOKEEP_STATE_DIR"])
        dana = in_child("bench.gallery:found", environment, count=IMAGES, picture=str(state / "photo.jpg"))
        count, picture = LISTED, str(state / "photo.jpg")
        in_child("bench.documented.images:found", environment | DOCUMENTED, count=count, picture=picture)
        headers = {"Authorization": f"Bearer {dana['token']}"}
        with serving(environment) as our_server, serving(environment | DOCUMENTED) as their_server:
            for work, calls, mine, their in _works(dana["serve"], headers, state):
                ours, theirs = Side(our_server), Side(their_server)
                _take_turns(pool, calls, (ours, mine), (theirs, their))
                yield from _rows(work, ours, theirs)
        yield _json_row(**in_child("bench.gallery:hundred_rows", environment))
        yield _page_row(**in_child("bench.gallery:pages", environment, token=dana["token"], deep=DEEP_ROW))


def _works(served: str, headers: dict[str, str], state: Path) -> Iterable[tuple[str, int, Call, Call]]:
    """What is done, how often, our call and the documented one."""
    ours = Call("GET", f"/api/user_images/dana/?page_size={LISTED}", headers)
    yield f"listing {LISTED} user images", REQUESTS, ours, Call("GET", "/images/of/dana/", headers)
    ours, theirs = Call("GET", served, headers), Call("GET", "/images/1/serve/", headers)
    yield "serving a user image of 250 KB to a token", REQUESTS, ours, theirs
    ours, theirs = (_upload(path, headers, state) for path in ("/api/upload_user_image/", "/images/upload/"))
    yield f"upload_user_image, {MEGAPIXELS} MP, {WORKERS} workers", UPLOADS, ours, theirs


def _upload(path: str, headers: dict[str, str], folder: Path) -> Call:
    """A form on disk with a photo in it, taken with the phone held upright."""
    form = folder / "form"
    if not form.exists():
        head = (
            f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\n"
            'Content-Disposition: form-data; name="image"; filename="IMG_1.jpg"\r\n\r\n'
        )
        photo = phone_jpeg(2, MEGAPIXELS, orientation=6)
        form.write_bytes(head.encode() + photo + f"\r\n--{_BOUNDARY}--\r\n".encode())
    return Call("POST", path, headers | {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}, form)


def _take_turns(pool: Clients, count: int, *sides: tuple[Side, Call]) -> None:
    for side, call in sides:
        pool.make(side.server.port, [call] * WARM_UP)
    for _round in range(ROUNDS):
        for side, call in sides:
            side.answer(pool, [call] * (count // ROUNDS))


def _rows(work: str, ours: Side, theirs: Side) -> Sequence[Row]:
    rate = Row(
        work=work,
        unit="requests/s",
        ours=ours.per_second,
        baseline=theirs.per_second,
        target="reported",
        met=True,
        more_is_better=True,
    )
    cpu = Row(
        work=f"{work}, CPU of the workers for one",
        unit="ms",
        ours=ours.cpu_milliseconds,
        baseline=theirs.cpu_milliseconds,
        target="reported",
        met=True,
    )
    return rate, cpu


def _json_row(ours: float, theirs: float) -> Row:
    return Row(
        work="100 user images to JSON, CPU",
        unit="ms",
        ours=ours * 1000,
        baseline=theirs * 1000,
        target=f"{TIMES_FASTER_JSON:g} x faster",
        met=theirs >= TIMES_FASTER_JSON * ours,
    )


def _page_row(first: float, deep: float) -> Row:
    return Row(
        work=f"page of 100 at image {DEEP_ROW:,} of one person's {IMAGES:,}, against page 1",
        unit="x",
        ours=deep / first,
        target=f"at most {MAX_TIMES_PAGE_1:g} x",
        met=deep <= MAX_TIMES_PAGE_1 * first,
    )
