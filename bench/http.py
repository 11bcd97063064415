"""`upload-photo` over HTTP with everything it does: uploads per second, and the memory they take."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.child import in_child
from bench.clients import FORM, Call, clients, photo_form
from bench.rows import Row
from bench.sides import Side, Turns, cpu, largest_worker
from bench.sizes import size
from bench.surroundings import DOCUMENTED, WORKERS, both_serving, surroundings

MEGAPIXELS = 12
WARM_UP = size(8, 2)
UPLOADS = size(50, 3)
ROUNDS = size(5, 1)
CLIENTS = 4
TIMES_FASTER = 5.0


def rows() -> Iterable[Row]:
    """Both services run, on disk and with a database that syncs to it, and take turns at being busy."""
    with surroundings(throwaway=False) as environment, clients(CLIENTS) as pool:
        token = in_child("bench.school:found", environment, count=WARM_UP + UPLOADS)
        in_child("bench.documented.filling:people", environment | DOCUMENTED, count=WARM_UP + UPLOADS)
        folder = Path(environment["PHOTOKEEP_STATE_DIR"])
        forms = [photo_form(folder, "profile_photo", seed=seed, megapixels=MEGAPIXELS) for seed in range(2)]
        ours = _calls("/api/students/{}/upload-photo/", token, forms)
        theirs = _calls("/people/{}/upload-photo/", token, forms)
        with both_serving(environment) as servers:
            sides = Turns(pool, servers, WARM_UP, ROUNDS, watch_memory=True).take(ours, theirs)
    return _rows(*sides)


def _calls(path: str, token: str, forms: Sequence[Path]) -> list[Call]:
    headers = {"Authorization": f"Bearer {token}", **FORM}
    people = range(1, WARM_UP + UPLOADS + 1)
    return [Call("POST", path.format(pk), headers, forms[pk % len(forms)]) for pk in people]


def _rows(ours: Side, theirs: Side) -> Iterable[Row]:
    work = f"upload-photo, {MEGAPIXELS} MP, {WORKERS} workers"
    yield Row(
        *(work, "uploads/s", ours.per_second, theirs.per_second),
        target=f"{TIMES_FASTER:g} x",
        met=ours.per_second >= TIMES_FASTER * theirs.per_second,
        more_is_better=True,
    )
    yield cpu(work, ours, theirs)
    work = f"{UPLOADS} uploads of {MEGAPIXELS} MP"
    together = f"{work}, peak memory of both workers together"
    yield Row(together, "MiB", ours.peak.sum_mib, theirs.peak.sum_mib)
    yield largest_worker(work, ours, theirs)
