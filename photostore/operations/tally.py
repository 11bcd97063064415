"""What this run has done so far: a command that fails midway must not say that it changed nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_tally: ContextVar[Counter[str] | None] = ContextVar("tally", default=None)


@contextmanager
def tallied() -> Iterator[Counter[str]]:
    """The steps that are done within the block, by what they were done for."""
    tally: Counter[str] = Counter()
    token = _tally.set(tally)
    try:
        yield tally
    finally:
        _tally.reset(token)


def count_done(what: str, number: int = 1) -> None:
    """So many things are done and stay done, whatever comes next."""
    tally = _tally.get()
    if tally is not None:
        tally[what] += number
