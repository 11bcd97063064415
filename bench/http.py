"""`upload-photo` over HTTP with everything it does: uploads per second, and the memory they take."""

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

MEGAPIXELS = 12
WARM_UP = size(8, 2)
UPLOADS = size(50, 3)
ROUNDS = size(5, 1)
CLIENTS = 4
TIMES_FASTER = 5.0
_BOUNDARY = "photokeep-bench"


def rows() -> Iterable[Row]:
    """Both services run, on disk and with a database that syncs to it, and take turns at being busy."""
    with surroundings(throwaway=False) as environment, clients(CLIENTS) as pool:
        token = in_child("bench.school:found", environment, count=WARM_UP + UPLOADS)
        in_child("bench.documented.school:found", environment | DOCUMENTED, count=WARM_UP + UPLOADS)
        forms = [_form(Path(environment["PHOTOKEEP_STATE_DIR"]), seed) for seed in range(2)]
        our_calls = _calls("/api/students/{}/upload-photo/", token, forms)
        their_calls = _calls("/people/{}/upload-photo/", token, forms)
        with serving(environment) as our_server, serving(environment | DOCUMENTED) as their_server:
            pool.make(our_server.port, our_calls[:WARM_UP])
            pool.make(their_server.port, their_calls[:WARM_UP])
            ours, theirs = Side(our_server), Side(their_server)
            _take_turns(pool, (ours, our_calls[WARM_UP:]), (theirs, their_calls[WARM_UP:]))
    return _rows(ours, theirs)


def _form(folder: Path, seed: int) -> Path:
    """A form on disk with a photo in it, taken with the phone held upright."""
    head = (
        f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\n"
        f'Content-Disposition: form-data; name="profile_photo"; filename="IMG_{seed}.jpg"\r\n\r\n'
    )
    photo = phone_jpeg(seed, MEGAPIXELS, orientation=6)
    path = folder / f"form-{seed}"
    path.write_bytes(head.encode() + photo + f"\r\n--{_BOUNDARY}--\r\n".encode())
    return path


def _calls(path: str, token: str, forms: Sequence[Path]) -> list[Call]:
    """One for every person."""
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": f"multipart/form-data; boundary={_BOUNDARY}",
    }
    people = range(1, WARM_UP + UPLOADS + 1)
    return [Call("POST", path.format(pk), headers, forms[pk % len(forms)]) for pk in people]


def _take_turns(pool: Clients, *sides: tuple[Side, list[Call]]) -> None:
    for number in range(ROUNDS):
        for side, calls in sides:
            side.answer(pool, calls[number::ROUNDS], watch_memory=True)


def _rows(ours: Side, theirs: Side) -> Iterable[Row]:
    work = f"upload-photo, {MEGAPIXELS} MP, {WORKERS} workers"
    yield Row(
        work=work,
        unit="uploads/s",
        ours=ours.per_second,
        baseline=theirs.per_second,
        target=f"{TIMES_FASTER:g} x",
        met=ours.per_second >= TIMES_FASTER * theirs.per_second,
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
    for what, mine, their in (
        ("both workers together", ours.peak.sum_mib, theirs.peak.sum_mib),
        ("the larger worker", ours.peak.largest_mib, theirs.peak.largest_mib),
    ):
        yield Row(
            work=f"{UPLOADS} uploads of {MEGAPIXELS} MP, peak memory of {what}",
            unit="MiB",
            ours=mine,
            baseline=their,
            target="reported",
            met=True,
        )
