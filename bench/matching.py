"""A photographer's folder against a large school: a thousand file names, and whom they may be."""

from __future__ import annotations

from collections.abc import Iterable

from bench.child import in_child
from bench.rows import Row, at_most
from bench.sizes import size
from bench.surroundings import surroundings

STUDENTS = size(100_000, 2_000)
FILES = size(1_000, 100)
MAX_SECONDS = 3
MAX_EXTRA_MIB = 64


def rows() -> Iterable[Row]:
    """Both ways look at the same students; the documented one asks for a twentieth of the names."""
    with surroundings(throwaway=True, LOG_LEVEL="WARNING") as environment:
        in_child("bench.school:found", environment, count=STUDENTS)
        ours = in_child("bench.file_names:ours", environment, count=FILES)
        theirs = in_child("bench.file_names:one_by_one", environment, count=FILES // 20)
    work = f"{FILES:,} file names against {STUDENTS:,} students"
    yield at_most(MAX_SECONDS, work, "s", ours["seconds"], theirs["seconds"] * 20)
    yield at_most(MAX_EXTRA_MIB, f"{work}, memory on top", "MiB", ours["extra_mib"], theirs["extra_mib"])
