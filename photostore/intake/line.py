"""Who may decode when: few at a time, no user twice before others, and what it cost.

A worker has sixteen threads. A waiting request holds one of them, so the line is short, and who comes to a
full one is sent away soon: one person with a slow picture and many connections would else hold all.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from threading import BoundedSemaphore, Condition

from photostore.errors import Busy

PATIENCE_SECONDS = 15.0
LINE_SECONDS = 1.0
PLACES = 12
PLACES_PER_PERSON = 2
# A browser sends six files at once: those that find their person's places taken wait for them.
WAITING_PER_PERSON = 6
# A large picture takes seconds and some hundred megabytes; who waits for that waits outside the line.
WAITING_FOR_LARGE = 3

_LINE = BoundedSemaphore(PLACES)
_DECODERS = BoundedSemaphore(2)
_LARGE_DECODER = BoundedSemaphore(1)
_AT_THE_LARGE_DECODER = BoundedSemaphore(1 + WAITING_FOR_LARGE)


@dataclass(slots=True)
class Visit:
    """A request that may bring pictures: whose it is, and the CPU seconds that they have cost so far."""

    person: Callable[[], Hashable | None]
    cpu_seconds: float = 0.0


_visit: ContextVar[Visit | None] = ContextVar("visit", default=None)


@contextmanager
def on_behalf_of(person: Callable[[], Hashable | None]) -> Iterator[Visit]:
    """What is decoded in this block counts for a user; `person` is asked only where something is."""
    visit = Visit(person)
    token = _visit.set(visit)
    try:
        yield visit
    finally:
        _visit.reset(token)


def charge(cpu_seconds: float) -> None:
    """Put what a picture cost on the account of the request that brought it."""
    visit = _visit.get()
    if visit is not None:
        visit.cpu_seconds += cpu_seconds


@contextmanager
def at_most(places: BoundedSemaphore, *, seconds: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Wait for one of these, and hold it. Raises `Busy` after a while."""
    if not places.acquire(timeout=seconds):
        raise Busy
    try:
        yield
    finally:
        places.release()


@contextmanager
def in_line() -> Iterator[None]:
    """A place in the line of those who work on files or wait for it. Raises `Busy` where it is full."""
    visit = _visit.get()
    with _persons.place(visit.person() if visit else None), at_most(_LINE, seconds=LINE_SECONDS):
        yield


@contextmanager
def decoder(*, large: bool) -> Iterator[None]:
    """One of the two decoders; of large pictures one is decoded at a time. Raises `Busy`."""
    visit = _visit.get()
    person = _persons.place(visit.person() if visit else None)
    with (
        person,
        _large() if large else nullcontext(),
        at_most(_LINE, seconds=LINE_SECONDS),
        at_most(_DECODERS),
    ):
        yield


@contextmanager
def _large() -> Iterator[None]:
    with at_most(_AT_THE_LARGE_DECODER, seconds=LINE_SECONDS), at_most(_LARGE_DECODER):
        yield


class _Persons:
    """How many places each person has in this process, how many wait for one, and when one last came free."""

    def __init__(self) -> None:
        self.changed = Condition()
        self.placed: Counter[Hashable] = Counter()
        self.waiting: Counter[Hashable] = Counter()
        self.freed_at: dict[Hashable, float] = {}

    @contextmanager
    def place(self, person: Hashable | None) -> Iterator[None]:
        """One of the person's places; commands have no user and need none. Raises `Busy`."""
        if person is None:
            yield
            return
        self._take(person)
        try:
            yield
        finally:
            self._give_back(person)

    def _take(self, person: Hashable) -> None:
        came_at = time.monotonic()
        with self.changed:
            # The first few may wait for a slow picture, the others for quick ones only.
            patience = PATIENCE_SECONDS if self.waiting[person] < WAITING_PER_PERSON else LINE_SECONDS
            self.waiting[person] += 1
            try:
                while self.placed[person] >= PLACES_PER_PERSON:
                    until = max(came_at, self.freed_at.get(person, 0)) + patience
                    if not self.changed.wait(max(0.0, until - time.monotonic())):
                        raise Busy
            finally:
                self._less(self.waiting, person)
            self.placed[person] += 1

    def _give_back(self, person: Hashable) -> None:
        with self.changed:
            self._less(self.placed, person)
            self.freed_at[person] = time.monotonic()
            if not self.placed[person] and not self.waiting[person]:
                del self.freed_at[person]
            self.changed.notify_all()

    @staticmethod
    def _less(counter: Counter[Hashable], person: Hashable) -> None:
        counter[person] -= 1
        if not counter[person]:
            del counter[person]


_persons = _Persons()
