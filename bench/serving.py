"""A photo of about 250 KB through its link, whole and in part: requests per second and CPU for each."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from bench.child import in_child
from bench.clients import Call, clients
from bench.rows import Row
from bench.sides import Turns, rate_and_cpu
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
            in_child("bench.documented.filling:people", environment | DOCUMENTED, count=1, picture=str(photo))
            with serving(environment | DOCUMENTED) as their_server:
                turns = Turns(pool, (our_server, their_server), WARM_UP, ROUNDS)
                whole = Call("GET", link), Call("GET", "/people/1/photo.jpg", credentials)
                work = f"serving a photo of {photo.stat().st_size // 1000} KB"
                yield from rate_and_cpu(work, *turns.repeat(ROUNDS * REQUESTS, *whole))
                part = Call("GET", link, PART, status=206), replace(whole[1], headers=credentials | PART)
                work = "serving 64 KB of it by Range"
                yield from rate_and_cpu(work, *turns.repeat(ROUNDS * REQUESTS, *part))


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
