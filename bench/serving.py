"""A photo of about 250 KB through its link, whole and in part: requests per second and CPU for each."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from bench.child import in_child
from bench.clients import Call, Clients, clients
from bench.rows import Row
from bench.sides import Side
from bench.sizes import size
from bench.surroundings import DOCUMENTED, serving, surroundings
from testing.service import Service

CLIENTS = 4
WARM_UP = size(200, 4)
REQUESTS = size(1000, 10)
ROUNDS = size(3, 1)
PART = {"Range": "bytes=65536-131071"}


def rows() -> Iterable[Row]:
    """The documented service reads the same file whole, and knows no ranges."""
    with surroundings(throwaway=True) as environment, clients(CLIENTS) as pool:
        token = in_child("bench.school:found_with_photo", environment)
        credentials = {"Authorization": f"Bearer {token}"}
        photo = Path(environment["PHOTOKEEP_STATE_DIR"]) / "photo.jpg"
        with serving(environment) as our_server:
            link = _link(our_server, credentials, photo)
            in_child("bench.documented.school:found", environment | DOCUMENTED, count=1, picture=str(photo))
            with serving(environment | DOCUMENTED) as their_server:
                ours, theirs = Side(our_server), Side(their_server)
                address = "/people/1/photo.jpg"
                _take_turns(pool, (ours, Call("GET", link)), (theirs, Call("GET", address, credentials)))
                yield from _rows(f"a photo of {photo.stat().st_size // 1000} KB", ours, theirs)
                ours, theirs = Side(our_server), Side(their_server)
                part, whole = Call("GET", link, PART, status=206), Call("GET", address, credentials | PART)
                _take_turns(pool, (ours, part), (theirs, whole))
                yield from _rows("64 KB of it by Range", ours, theirs)


def _link(server: Service, credentials: dict[str, str], photo: Path) -> str:
    """The signed link of the one student's photo, which is written to `photo` as well."""
    student = json.loads(_body(f"http://127.0.0.1:{server.port}/api/students/1/", credentials))
    link = str(student["profile_photo_url"])
    photo.write_bytes(_body(link, {}))
    address = urlsplit(link)
    return f"{address.path}?{address.query}"


def _body(address: str, headers: dict[str, str]) -> bytes:
    with urlopen(Request(address, headers=headers), timeout=60) as answer:
        data: bytes = answer.read()
    return data


def _take_turns(pool: Clients, *sides: tuple[Side, Call]) -> None:
    for side, call in sides:
        pool.make(side.server.port, [call] * WARM_UP)
    for _round in range(ROUNDS):
        for side, call in sides:
            side.answer(pool, [call] * REQUESTS)


def _rows(what: str, ours: Side, theirs: Side) -> Iterable[Row]:
    yield Row(
        work=f"serving {what}",
        unit="requests/s",
        ours=ours.per_second,
        baseline=theirs.per_second,
        target="reported",
        met=True,
        more_is_better=True,
    )
    yield Row(
        work=f"serving {what}, CPU of the workers for one",
        unit="ms",
        ours=ours.cpu_milliseconds,
        baseline=theirs.cpu_milliseconds,
        target="reported",
        met=True,
    )
