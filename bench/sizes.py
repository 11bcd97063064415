"""How much a bench measures. `python -m bench --smallest` only shows that every bench still runs."""

from __future__ import annotations

import os

SMALLEST = "BENCH_SMALLEST"


def size(usual: int, smallest: int) -> int:
    """The usual one, or the smallest; children are told by the environment."""
    return smallest if is_smallest() else usual


def is_smallest() -> bool:
    return os.environ.get(SMALLEST) == "1"
