"""Measured in a process with Django in it: a store is filled, and gone through."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from bench.documented import inventory as documented
from bench.measure import peak_mib
from bench.processes import cpu_with_postgres
from bench.sizes import size
from photostore.inventory import differences, listed
from photostore.inventory.rehash import oldest_first, rehash
from photostore.models import StoredFile
from photostore.references import storage_roots
from photostore.storage import storage_for

# Different pictures; each has many names, so that the disk need not hold them all twenty thousand times.
PICTURES = size(200, 10)
PICTURE_BYTES = size(300_000, 30_000)

_ROWS = """
INSERT INTO photostore_storedfile (storage_alias, key, sha256, byte_size, content_type, kind, live,
    keep_aside, owner_label, owner_id, written_at)
SELECT 'default', 'student_photos/student_' || i || '_profile.jpg',
    (%(hashes)s::text[])[1 + i %% cardinality(%(hashes)s::text[])], %(byte_size)s, 'image/jpeg', 'original',
    true, true, 'bench.photo', i::text, now() + interval '1 hour'
FROM generate_series(1, %(count)s) AS i
"""


def flat_folder(count: int) -> None:
    _fill_register(count, [hashlib.sha256(b"").hexdigest()], 0)
    folder = _folder()
    try:
        for number in range(1, count + 1):
            os.close(os.open(_name(number), os.O_CREAT | os.O_WRONLY, 0o600, dir_fd=folder))
    finally:
        os.close(folder)


def photos(count: int) -> None:
    pictures = [os.urandom(PICTURE_BYTES) for _ in range(PICTURES)]
    _fill_register(count, [hashlib.sha256(data).hexdigest() for data in pictures], PICTURE_BYTES)
    os.close(_folder())
    place = Path(settings.MEDIA_ROOT) / "student_photos"
    for number in range(1, count + 1):
        if number <= PICTURES:
            (place / _name(number)).write_bytes(pictures[number % PICTURES])
        else:
            first = number % PICTURES or PICTURES
            (place / _name(number)).hardlink_to(place / _name(first))


def bucket(count: int) -> None:
    _fill_register(count, [hashlib.sha256(b"x").hexdigest()], 1)
    storage = storage_for()

    def put(number: int) -> None:
        storage.put(f"student_photos/{_name(number)}", b"x", content_type="image/jpeg")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put, range(1, count + 1)))


def our_difference(*, sizes: bool) -> dict[str, float]:
    """CPU with PostgreSQL's, and the memory that it took on top."""
    return measured(lambda: _differences(sizes=sizes))


def their_difference() -> dict[str, float]:
    return measured(lambda: documented.difference(str(settings.MEDIA_ROOT)))


def our_rehash(*, threads: int) -> float:
    """Wall seconds on so many threads, verified rows written and all."""
    StoredFile.objects.update(verified_at=None)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE photostore_storedfile")
    started = time.monotonic()
    assert not any(verdict.wrong for verdict in rehash(oldest_first(), threads=threads))
    return time.monotonic() - started


def their_rehash() -> float:
    """Wall seconds of a bare loop, which keeps no word of what it has read."""
    started = time.monotonic()
    assert documented.rehash() == 0
    return time.monotonic() - started


def bucket_requests() -> dict[str, float]:
    """Requests of the diff and of the documented way, counted where they leave."""
    storage: Any = storage_for()
    sent: list[str] = []
    storage.client.meta.events.register(
        "before-send.s3", lambda request, **_: sent.append(request.method), unique_id="bench"
    )
    _differences(sizes=True)
    ours = len(sent)
    documented.missing_in_bucket()
    return {"ours": ours, "theirs": len(sent) - ours, "lists": storage.list_request_count}


def _differences(*, sizes: bool) -> None:
    for place in storage_roots():
        with listed(place, sizes=sizes) as listing:
            assert not list(differences(listing))


def measured(work: Callable[[], object]) -> dict[str, float]:
    memory, used, started = peak_mib(), cpu_with_postgres(), time.monotonic()
    work()
    return {
        "seconds": time.monotonic() - started,
        "cpu_seconds": cpu_with_postgres() - used,
        "extra_mib": peak_mib() - memory,
    }


def _fill_register(count: int, hashes: list[str], byte_size: int) -> None:
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, {"count": count, "hashes": hashes, "byte_size": byte_size})
        cursor.execute("VACUUM ANALYZE photostore_storedfile")
    storage_for().prepare()


def _folder() -> int:
    place = Path(settings.MEDIA_ROOT) / "student_photos"
    place.mkdir(mode=0o700)
    return os.open(place, os.O_RDONLY | os.O_DIRECTORY)


def _name(number: int) -> str:
    return f"student_{number}_profile.jpg"
