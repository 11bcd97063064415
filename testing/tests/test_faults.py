"""Every accident of `make torture`, in short."""

import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from testing.faults.outcome import QUICK
from testing.faults.scenarios import LONG, SCENARIOS
from testing.kills import system_calls

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="accidents are made by Linux's own means")
# One scenario for each kind of accident; the others repeat its proof at other calls.
IN_SHORT = {"killed_under_load", "full_disks", "crowds"}
BY_STRACE = {name for name in SCENARIOS if name.endswith("at_every_call")}


def scenarios() -> Iterator[Any]:
    for name in SCENARIOS:
        if name not in LONG:
            yield pytest.param(name, marks=() if name in IN_SHORT else pytest.mark.exhaustive)


@pytest.mark.parametrize("name", list(scenarios()))
def test_nothing_is_lost(name: str) -> None:
    if name in BY_STRACE and not system_calls.is_available() and not os.environ.get("CI"):
        pytest.skip("strace is not installed")
    for outcome in SCENARIOS[name](QUICK):
        assert not outcome.lost, outcome
        assert not outcome.broken, outcome
        assert outcome.times, outcome
