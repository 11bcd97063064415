"""What one kind of accident led to: a row of the table."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from testing.torture.houses import House


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

    @property
    def is_good(self) -> bool:
        return self.times > 0 and not self.lost and not self.broken

    def inspect(self, house: House, *, healed: bool = True) -> None:
        """Look from outside, after the service had time to heal, or as it is now."""
        found = house.healed() if healed else house.check()
        self.broken += found.broken
        self.lost += house.promises.lost(house.view())
        self.answers = house.promises.answers
        self.orphans, self.temporaries = len(found.orphans), len(found.temporaries)

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


QUICK = Effort(step=5, rounds=3, seconds=4)
FULL = Effort(step=1, rounds=20, seconds=20)
