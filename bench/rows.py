"""One line of the table, and how a bench says it."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass


@dataclass(frozen=True)
class Row:
    """One thing measured, ours against the documented way in the same run.

    `ours` and `baseline` are in `unit`; `target` is the sentence of the design, `met` its verdict.
    `more_is_better` for a rate, such as requests per second.
    """

    work: str
    unit: str
    ours: float
    baseline: float | None = None
    _: KW_ONLY
    target: str = "reported"
    met: bool = True
    more_is_better: bool = False

    @property
    def ratio(self) -> float | None:
        """How many times better than the documented way: as much as it takes, or as little as it gives."""
        if not self.baseline or not self.ours:
            return None
        return self.ours / self.baseline if self.more_is_better else self.baseline / self.ours


def at_most(limit: float, work: str, unit: str, ours: float, baseline: float | None = None) -> Row:
    target = f"at most {limit:g} {unit}".rstrip()
    return Row(work, unit, ours, baseline, target=target, met=ours <= limit)


def times_faster(
    times: float, work: str, unit: str, ours: float, baseline: float, *, said: str = "faster"
) -> Row:
    """A row whose target is that ours takes so many times less."""
    return Row(work, unit, ours, baseline, target=f"{times:g} x {said}", met=baseline >= times * ours)
