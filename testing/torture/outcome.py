"""What one kind of accident led to: a row of the table."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Self

from testing.torture.checker import check
from testing.torture.houses import House

HEAL_SECONDS = 15


@dataclass
class Outcome:
    """`lost` and `broken` must stay empty; `orphans` and `temporaries` are what the sweep will find."""

    injected: str
    times: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    orphans: int = 0
    temporaries: int = 0
    lost: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    seen: str = ""
    _earlier_answers: Counter[str] = field(default_factory=Counter)
    _earlier_orphans: int = 0

    @classmethod
    def after_others(cls, injected: str, house: House) -> Self:
        """In a house that has seen other accidents already: what they left is not counted again."""
        orphans = len(check(house.view()).orphans)
        return cls(injected, _earlier_answers=house.promises.answers.copy(), _earlier_orphans=orphans)

    @property
    def is_good(self) -> bool:
        return self.times > 0 and not self.lost and not self.broken

    def inspect(self, house: House, *, healed: bool = True) -> None:
        """Look from outside, after the service had time to heal, or as it is now."""
        if healed:
            self.broken += house.unfinished(patience_seconds=HEAL_SECONDS)
        view = house.view()
        found = check(view)
        self.broken += found.broken
        self.lost += house.promises.lost(view)
        self.answers = house.promises.answers - self._earlier_answers
        self.orphans = len(found.orphans) - self._earlier_orphans
        self.temporaries = len(found.temporaries)

    def expect(self, condition: bool, otherwise: str) -> None:
        """Note what should have been so and was not."""
        if not condition:
            self.broken.append(otherwise)


@dataclass(frozen=True)
class Effort:
    """How long to torment: `step` leaps over places in a sweep, `rounds` repeats what is left to chance."""

    step: int
    rounds: int
    seconds: float


QUICK = Effort(step=7, rounds=1, seconds=3)
FULL = Effort(step=1, rounds=20, seconds=20)
