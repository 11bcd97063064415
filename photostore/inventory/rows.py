"""What apps tell the inventory about their rows and files beyond the register.

Rows are also made and edited by seed scripts, imports and SQL, past our code. photostore knows no students;
an app registers what it can tell when it is ready.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

Names = Collection[str]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A row that says something else than another one of the same owner; `step` is what to do about it."""

    key: str
    who: str
    why: str
    step: str
    owner_id: int


@dataclass(frozen=True, slots=True)
class Repair:
    """A step of an operation that takes a contradiction away."""

    kind: str
    subject: str
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rows:
    """One app's word. Each is asked about many keys at once, from the database.

    `legacy`: the keys that rows of another system name and that `adopt_media` makes known. `kept`: files that
    no row names and that are to be adopted or asked about all the same, so that no sweep takes them.
    `who`: whose a key is, for people. `repair`: what takes a contradiction away, where the evidence decides.
    """

    legacy: Callable[[Names], set[str]]
    kept: Callable[[Names], set[str]]
    who: Callable[[Names], dict[str, str]]
    contradictions: Callable[[], Iterator[Contradiction]]
    repair: Callable[[Contradiction], Repair | None]


_told: list[Rows] = []


def tell_inventory(rows: Rows) -> None:
    """Register what an app can tell."""
    if rows not in _told:
        _told.append(rows)


def legacy(keys: Names) -> set[str]:
    """Those of `keys` that legacy rows name."""
    return set().union(*(rows.legacy(keys) for rows in _told))


def kept(keys: Names) -> set[str]:
    """Those of these unowned files that no sweep takes."""
    return set().union(*(rows.kept(keys) for rows in _told))


def who(keys: Names) -> dict[str, str]:
    """Whose they are, as far as anybody can tell."""
    return {key: name for rows in _told for key, name in rows.who(keys).items()}


def contradictions() -> Iterator[Contradiction]:
    """Rows that contradict each other, of every app; streamed."""
    for rows in _told:
        yield from rows.contradictions()


def repairs() -> Iterator[Repair]:
    """What mends the contradictions on which the evidence decides; streamed."""
    for rows in _told:
        for found in rows.contradictions():
            repair = rows.repair(found)
            if repair is not None:
                yield repair
