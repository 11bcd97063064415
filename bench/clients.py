"""Clients that ask a server on this machine, each in a process of its own and over one kept connection."""

from __future__ import annotations

import http.client
import multiprocessing
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from urllib3 import encode_multipart_formdata

from testing.phone import phone_jpeg

_BOUNDARY = "photokeep-bench"
FORM = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}


@dataclass(frozen=True)
class Call:
    """One request, the file that holds its body, and the status that must come back."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: Path | None = None
    status: int = 200


@dataclass(frozen=True)
class Clients:
    count: int
    pool: ProcessPoolExecutor

    def make(self, port: int, calls: Sequence[Call]) -> float:
        """Shares the calls out; wall seconds until the last answer has been read."""
        started = time.perf_counter()
        shares = [calls[at :: self.count] for at in range(self.count)]
        for outcome in [self.pool.submit(_make, port, share) for share in shares]:
            outcome.result()
        return time.perf_counter() - started


def photo_form(folder: Path, field_name: str, *, seed: int, megapixels: int) -> Path:
    """A form on disk with a photo in it, taken with the phone held upright; FORM is its header."""
    photo = f"IMG_{seed}.jpg", phone_jpeg(seed, megapixels, orientation=6), "image/jpeg"
    body, _type = encode_multipart_formdata({field_name: photo}, _BOUNDARY)
    path = folder / f"form-{seed}"
    path.write_bytes(body)
    return path


@contextmanager
def clients(count: int) -> Iterator[Clients]:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, mp_context=context) as pool:
        list(pool.map(time.sleep, [0.1] * count))
        yield Clients(count, pool)


def _make(port: int, calls: Sequence[Call]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    for call in calls:
        body = call.body.read_bytes() if call.body else None
        connection.request(call.method, call.path, body, call.headers)
        response = connection.getresponse()
        said = response.read()
        if response.status != call.status:
            raise RuntimeError(f"{call.method} {call.path}: {response.status} {said[:500]!r}")
    connection.close()
