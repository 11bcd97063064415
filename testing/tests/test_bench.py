"""Every bench still runs: at its smallest size, against the documented way."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from bench.__main__ import BENCHES
from testing.service import HOME

# Two services take turns at pictures of 12 MP, or a bucket is filled: up to half a minute of CPU each.
LONG = {"http", "images", "media", "inventory", "serving"}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.exhaustive if name in LONG else ()) for name in BENCHES],
)
def test_it_runs_and_prints_figures(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--smallest", name],
        check=False,
        cwd=HOME,
        capture_output=True,
        text=True,
        env=os.environ | {"COLUMNS": "200"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    rows = [line for line in done.stdout.splitlines() if line.startswith("│")]
    assert rows, done.stdout
    assert all(any(letter.isdigit() for letter in row.split("│")[2]) for row in rows), done.stdout
