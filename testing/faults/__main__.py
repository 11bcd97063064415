"""`make torture`: every accident at full length, as a table; 1 when a photo was lost or a promise broken.

`python -m testing.faults [--quick] [name ...]` runs the scenarios with these names only.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

import testing.environment  # noqa: F401 (the server and the settings of the tests)
from testing.faults.outcome import FULL, QUICK, Effort, Outcome
from testing.faults.scenarios import SCENARIOS

console = Console()


def main(arguments: list[str]) -> int:
    names = [argument for argument in arguments if argument != "--quick"]
    unknown = set(names) - set(SCENARIOS)
    if unknown:
        console.print(f"No such scenario: {', '.join(sorted(unknown))}. There are: {', '.join(SCENARIOS)}.")
        return 2
    outcomes = list(_outcomes(names or list(SCENARIOS), QUICK if "--quick" in arguments else FULL))
    console.print(_table(outcomes))
    for outcome in outcomes:
        for sentence in outcome.lost + outcome.broken:
            console.print(f"[red]{outcome.injected}:[/] {sentence}", soft_wrap=True)
    console.print(f"{sum(len(outcome.lost) for outcome in outcomes)} lost.")
    return 0 if outcomes and all(outcome.is_good for outcome in outcomes) else 1


def _outcomes(names: list[str], effort: Effort) -> Iterator[Outcome]:
    for name in names:
        began = time.monotonic()
        for outcome in SCENARIOS[name](effort):
            taken = time.monotonic() - began
            done = f"{taken:5.0f} s  {outcome.injected}: {outcome.times} times"
            console.print(f"{done}; {_answers(outcome)}; lost: {_verdict(outcome)}", soft_wrap=True)
            yield outcome


def _table(outcomes: list[Outcome]) -> Table:
    table = Table("Injected", title="What was done to the service, and what became of the photos")
    table.add_column("Times", justify="right")
    table.add_column("Answers")
    for heading in ("Orphans", "Temporary"):
        table.add_column(heading, justify="right")
    table.add_column("Lost", justify="right")
    table.add_column("Seen")
    for outcome in outcomes:
        counts = (str(outcome.times), _answers(outcome), str(outcome.orphans), str(outcome.temporaries))
        table.add_row(outcome.injected, *counts, _verdict(outcome), outcome.seen)
    return table


def _answers(outcome: Outcome) -> str:
    return ", ".join(f"{name}: {count}" for name, count in sorted(outcome.answers.items()))


def _verdict(outcome: Outcome) -> str:
    if outcome.lost or outcome.broken:
        return f"[red]{len(outcome.lost)} lost, {len(outcome.broken)} broken[/]"
    return "[green]0[/]"


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that every server is stopped
    sys.exit(main(sys.argv[1:]))
