"""Reading stored files again: are the bytes those that the register states, and whose face is it?"""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice, takewhile
from time import monotonic
from typing import Any, Literal, NamedTuple

from django.db import connection
from django.db.models import F, QuerySet
from django.utils import timezone

from photostore.errors import FileMissing, FileUnreadable, PhotostoreError, StorageUnavailable
from photostore.inventory.rows import inspector_of
from photostore.models import StoredFile
from photostore.storage import storage_for

# Reading and hashing leave Python's lock, so two threads keep two cores busy, if little else is done for
# each file: a photo of 300 KB is hashed in 0.2 ms, and waiting for that lock a few times takes as long.
THREADS = 2
PER_TASK = 64
# Tasks for each thread: enough to read on while a batch is written down.
AHEAD = 4
READ_BYTES = 524_288
BATCH = 512
ROWS_PER_FETCH = 1_000
_MARK = """
UPDATE photostore_storedfile AS file SET verified_at = %s
FROM unnest(%s::bigint[], %s::text[]) AS read (id, sha256)
WHERE file.id = read.id AND file.sha256 = read.sha256
"""
# What an inspector may be given whole; nothing that has one is larger.
MAX_INSPECTED_BYTES = 64 * 1_048_576

_of_thread = threading.local()

Wrong = Literal["missing", "damaged", "misplaced", "unreadable"]


class Row(NamedTuple):
    """What reading a file again takes of its row in the register.

    Not a model object: making one holds Python's lock for about as long as hashing a file needs it.
    """

    pk: int
    storage_alias: str
    key: str
    sha256: str
    kind: str
    owner_label: str
    owner_id: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file turned out to be: its sha256 (None: it is not there), and whom it names."""

    row: Row
    sha256: str | None
    named: str | None
    is_unreadable: bool = False

    @property
    def is_right(self) -> bool:
        """Whether these are the bytes that the row states."""
        return self.sha256 == self.row.sha256


@dataclass(frozen=True, slots=True)
class Verdict:
    """A file that was read, and what is wrong with it."""

    row: Row
    wrong: tuple[Wrong, ...]


def oldest_first() -> Iterator[Row]:
    """Every written file, the one that was verified longest ago first: so a run goes on where one stopped."""
    return written(StoredFile.objects.order_by(F("verified_at").asc(nulls_first=True), "pk"))


def written(files: QuerySet[StoredFile]) -> Iterator[Row]:
    """Those of these files that should be there; streamed."""
    columns: Any = files.exclude(written_at=None).values_list(*Row._fields)
    return map(Row._make, columns.iterator(chunk_size=ROWS_PER_FETCH))


def rehash(rows: Iterable[Row], *, threads: int = THREADS, until: float | None = None) -> Iterator[Verdict]:
    """Read these files; the right ones are marked as verified, in batches. Stops at `until` (monotonic).

    Raises `StorageUnavailable`; what was read before stays marked.
    """
    readings = _read_all(iter(rows), threads, until)
    while batch := list(islice(readings, BATCH)):
        looked_at = [one for reading in batch if (one := _looked_at_again(reading)) is not None]
        misplaced = _misplaced(looked_at)
        _mark([reading.row for reading in looked_at if reading.is_right])
        for reading in looked_at:
            yield Verdict(reading.row, _wrong(reading, misplaced))


def _mark(right: Sequence[Row]) -> None:
    """As verified now. A row that was given other bytes meanwhile is not the one that was read."""
    with connection.cursor() as cursor:
        cursor.execute(_MARK, [timezone.now(), [row.pk for row in right], [row.sha256 for row in right]])


def _read_all(rows: Iterator[Row], threads: int, until: float | None) -> Iterator[Reading]:
    in_time = takewhile(lambda _row: until is None or monotonic() < until, rows)
    waiting: deque[Future[list[Reading]]] = deque()
    prepared: set[str] = set()
    with ThreadPoolExecutor(threads, thread_name_prefix="rehash") as pool:
        while some := list(islice(in_time, PER_TASK)):
            for label in {row.owner_label for row in some} - prepared:
                prepared.add(label)
                _prepare(label)
            waiting.append(pool.submit(_read_some, some))
            if len(waiting) >= AHEAD * threads:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def _read_some(rows: Sequence[Row]) -> list[Reading]:
    return [_read(row) for row in rows]


def _prepare(owner_label: str) -> None:
    inspector = inspector_of(owner_label)
    if inspector is not None:
        inspector.prepare()


def _read(row: Row) -> Reading:
    """In any thread: asks the storage only, never the database."""
    inspector = inspector_of(row.owner_label) if row.kind != StoredFile.Kind.DERIVATIVE else None
    digest, kept = hashlib.sha256(), bytearray()
    try:
        for piece in storage_for(row.storage_alias).pieces(row.key, _buffer()):
            digest.update(piece)
            if inspector is not None and len(kept) < MAX_INSPECTED_BYTES:
                kept += piece
    except FileMissing:
        return Reading(row, None, None)
    except FileUnreadable:  # this one; the storage answers
        return Reading(row, None, None, is_unreadable=True)
    named = None
    if inspector is not None:
        try:
            named = inspector.named(bytes(kept))
        except StorageUnavailable:
            raise
        except PhotostoreError:  # not a picture any more; its sha256 says so
            named = None
    return Reading(row, digest.hexdigest(), named)


def _buffer() -> memoryview:
    """This thread's own, for one file after the other: a new one for each costs more than the reading."""
    found: memoryview | None = getattr(_of_thread, "buffer", None)
    if found is None:
        found = _of_thread.buffer = memoryview(bytearray(READ_BYTES))
    return found


def _looked_at_again(reading: Reading) -> Reading | None:
    """A wrong file may have been replaced or given up while it was read; None for one that was given up."""
    if reading.is_right:
        return reading
    row = next(written(StoredFile.objects.filter(pk=reading.row.pk)), None)
    return None if row is None else _read(row)


def _misplaced(readings: Sequence[Reading]) -> set[int]:
    """The rows whose file names another student than its owner."""
    named = [reading for reading in readings if reading.named is not None]
    found: set[int] = set()
    for label in {reading.row.owner_label for reading in named}:
        inspector = inspector_of(label)
        assert inspector is not None
        of_label = [reading for reading in named if reading.row.owner_label == label]
        expected = inspector.expected({reading.row.owner_id for reading in of_label})
        for reading in of_label:
            if expected.get(reading.row.owner_id, reading.named) != reading.named:
                found.add(reading.row.pk)
    return found


def _wrong(reading: Reading, misplaced: set[int]) -> tuple[Wrong, ...]:
    if reading.is_unreadable:
        return ("unreadable",)
    if reading.sha256 is None:
        return ("missing",)
    wrong: list[Wrong] = [] if reading.is_right else ["damaged"]
    if reading.row.pk in misplaced:
        wrong.append("misplaced")
    return tuple(wrong)
