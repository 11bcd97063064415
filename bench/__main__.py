"""`python -m bench [--smallest] [name ...]`: runs the benches, prints a table, writes bench/results.json.

A bench is a module in BENCHES with `rows() -> Iterable[Row]`. A target that is missed is said and does not
fail the run: the machine may have been busy.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.rows import Row
from bench.sizes import SMALLEST, is_smallest

BENCHES = ("intake", "students", "matching", "http", "serving", "images", "media", "inventory", "recovery")
RESULTS = Path(__file__).with_name("results.json")


def main(names: list[str]) -> int:
    """Runs the benches called `names`, or all; with `--smallest` in no time, and writes no results."""
    if "--smallest" in names:
        os.environ[SMALLEST] = "1"
        names = [name for name in names if name != "--smallest"]
    unknown = set(names) - set(BENCHES)
    if unknown:
        print(
            f"No such bench: {', '.join(sorted(unknown))}. There are: {', '.join(BENCHES)}.", file=sys.stderr
        )
        return 2
    console = Console()
    rows = []
    for row in track(_measured(names or list(BENCHES)), description="Measuring", console=console):
        rows.append(row)
        # At once: the whole takes most of an hour, and one bench that breaks must not take the others along.
        console.print(f"{row.work}:", *filter(None, _figures(row)), sep="  ")
    console.print(_table(rows))
    if is_smallest():
        return 0
    RESULTS.write_text(json.dumps([asdict(row) | {"ratio": row.ratio} for row in rows], indent=2) + "\n")
    return 0


def _measured(names: list[str]) -> Iterator[Row]:
    for name in names:
        yield from importlib.import_module(f"bench.{name}").rows()


def _table(rows: list[Row]) -> Table:
    table = Table("Work", title="Against the documented way, in the same run")
    for heading in ("Ours", "Documented", "Ratio"):
        table.add_column(heading, justify="right")
    table.add_column("Target")
    table.add_column("Met")
    for row in rows:
        table.add_row(row.work, *_figures(row), row.target, "[green]yes" if row.met else "[red]missed")
    return table


def _figures(row: Row) -> tuple[str, str, str]:
    """Ours, the documented way's and the ratio, as shown; empty where there is none."""
    baseline = "" if row.baseline is None else f"{row.baseline:.3g} {row.unit}"
    ratio = "" if row.ratio is None else f"{row.ratio:.1f}"
    return f"{row.ours:.3g} {row.unit}", baseline, ratio


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    raise SystemExit(main(sys.argv[1:]))
