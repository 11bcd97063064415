"""What one kind of accident led to: a row of the table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from testing.faults.checker import check
from testing.faults.deployments import Deployment
from testing.faults.pictures import new_picture

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
    def after_others(cls, injected: str, deployment: Deployment) -> Self:
        """In a deployment that has seen other accidents already: what they left is not counted again."""
        orphans = len(check(deployment.view()).orphans)
        return cls(injected, _earlier_answers=deployment.promises.answers.copy(), _earlier_orphans=orphans)

    @property
    def is_good(self) -> bool:
        return self.times > 0 and not self.lost and not self.broken

    def inspect(self, deployment: Deployment, *, healed: bool = True) -> None:
        """Look from outside, after the service had time to heal, or as it is now."""
        if healed:
            self.broken += deployment.unfinished(patience_seconds=HEAL_SECONDS)
        view = deployment.view()
        found = check(view)
        self.broken += found.broken
        self.lost += deployment.promises.lost(view)
        self.answers = deployment.promises.answers - self._earlier_answers
        self.orphans = len(found.orphans) - self._earlier_orphans
        self.temporaries = len(found.temporaries)

    def works_again(self, deployment: Deployment, students: Iterable[int]) -> None:
        """With the trouble over, everybody can upload."""
        statuses = [deployment.client.upload(student, new_picture()).status for student in students]
        self.expect(set(statuses) == {200}, f"with the trouble over, the answers are {statuses}")
        self.inspect(deployment)

    def expect(self, condition: bool, otherwise: str) -> None:
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
