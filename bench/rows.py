"""One line of the table, and how a bench says it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Row:
    """One thing measured, ours against the documented way in the same run.

    `ours` and `baseline` are in `unit`; `target` is the sentence of the design, `met` its verdict.
    """

    work: str
    unit: str
    ours: float
    baseline: float | None = None
    target: str
    met: bool

    @property
    def ratio(self) -> float | None:
        """How many times as much the documented way takes."""
        return self.baseline / self.ours if self.baseline is not None and self.ours else None
