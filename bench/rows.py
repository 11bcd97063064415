"""One line of the table, and how a bench says it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Row:
    """One thing measured, ours against the documented way in the same run.

    `ours` and `baseline` are in `unit`; `target` is the sentence of the design, `met` its verdict.
    `more_is_better` for a rate, such as requests per second.
    """

    work: str
    unit: str
    ours: float
    baseline: float | None = None
    target: str
    met: bool
    more_is_better: bool = False

    @property
    def ratio(self) -> float | None:
        """How many times better than the documented way: as much as it takes, or as little as it gives."""
        if not self.baseline or not self.ours:
            return None
        return self.ours / self.baseline if self.more_is_better else self.baseline / self.ours
