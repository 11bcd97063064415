"""A school of a million students: any page costs what the first one does, and a page becomes JSON quickly."""

from __future__ import annotations

from collections.abc import Iterable

from bench.child import in_child
from bench.rows import Row, at_most, times_faster
from bench.sizes import size
from bench.surroundings import surroundings

STUDENTS = size(1_000_000, 20_000)
MAX_TIMES_PAGE_1 = 1.5
MAX_QUERIES = 2
TIMES_FASTER_JSON = 2.5


def rows() -> Iterable[Row]:
    """Pages at row 190,000, plain and narrowed, and a hundred rows to JSON."""
    with surroundings(throwaway=True, LOG_LEVEL="WARNING") as environment:
        token = in_child("bench.school:found", environment, count=STUDENTS)
        cases = in_child("bench.pages:pages", environment, token=token)
        for name, figures in cases.items():
            yield from _list_rows(name, figures)
        figures = in_child("bench.pages:hundred_rows", environment)
        yield times_faster(TIMES_FASTER_JSON, "100 rows to JSON, CPU", "ms", **figures)


def _list_rows(name: str, figures: dict[str, float]) -> Iterable[Row]:
    work = f"page of 100 at row 190,000 of 1M, {name}"
    times, their_times = figures["deep"] / figures["first"], figures["their_deep"] / figures["their_first"]
    against = f"{work}, against its page 1"
    if name.startswith("search"):
        yield Row(against, "x", times, their_times)
    else:
        yield at_most(MAX_TIMES_PAGE_1, against, "x", times, their_times)
    deep, their_deep = figures["deep"] * 1000, figures["their_deep"] * 1000
    yield Row(f"{work}, CPU with PostgreSQL's", "ms", deep, their_deep)
    work = f"{work}, queries besides authentication"
    yield at_most(MAX_QUERIES, work, "", figures["queries"], figures["their_queries"])
