"""User images over HTTP: in, listed, and out; against the documented views in the same run."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bench.child import in_child
from bench.clients import FORM, Call, clients, photo_form
from bench.rows import Row, at_most, times_faster
from bench.sides import Turns, rate_and_cpu
from bench.sizes import size
from bench.surroundings import DOCUMENTED, WORKERS, both_serving, surroundings

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
_UNLIMITED = {"UPLOADS_PER_MINUTE": "100000", "USER_QUOTA_FILES": "100000", "LOG_LEVEL": "WARNING"}


def rows() -> Iterable[Row]:
    """Both services run, with the same images of the same person, and take turns at being busy."""
    with surroundings(throwaway=False, **_UNLIMITED) as environment, clients(CLIENTS) as pool:
        state = Path(environment["PHOTOKEEP_STATE_DIR"])
        picture = str(state / "photo.jpg")
        dana = in_child("bench.gallery:found", environment, count=IMAGES, picture=picture)
        theirs = environment | DOCUMENTED
        in_child("bench.documented.filling:images", theirs, count=LISTED, picture=picture)
        headers = {"Authorization": f"Bearer {dana['token']}"}
        with both_serving(environment) as servers:
            turns = Turns(pool, servers, WARM_UP, ROUNDS)
            for work, count, *calls in _works(dana["serve"], headers, state):
                yield from rate_and_cpu(work, *turns.repeat(count, *calls))
        figures = in_child("bench.gallery:hundred_rows", environment)
        yield times_faster(TIMES_FASTER_JSON, "100 user images to JSON, CPU", "ms", **figures)
        pages = in_child("bench.gallery:pages", environment, token=dana["token"], deep=DEEP_ROW)
        work = f"page of 100 at image {DEEP_ROW:,} of one person's {IMAGES:,}, against page 1"
        yield at_most(MAX_TIMES_PAGE_1, work, "x", pages["deep"] / pages["first"])


def _works(served: str, headers: dict[str, str], state: Path) -> Iterable[tuple[str, int, Call, Call]]:
    """What is done, how often, our call and the documented one."""
    ours = Call("GET", f"/api/user_images/dana/?page_size={LISTED}", headers)
    yield f"listing {LISTED} user images", REQUESTS, ours, Call("GET", "/images/of/dana/", headers)
    ours, theirs = Call("GET", served, headers), Call("GET", "/images/1/serve/", headers)
    yield "serving a user image of 250 KB to a token", REQUESTS, ours, theirs
    form = photo_form(state, "image", seed=2, megapixels=MEGAPIXELS)
    ours = Call("POST", "/api/upload_user_image/", headers | FORM, form)
    theirs = Call("POST", "/images/upload/", headers | FORM, form)
    yield f"upload_user_image, {MEGAPIXELS} MP, {WORKERS} workers", UPLOADS, ours, theirs
