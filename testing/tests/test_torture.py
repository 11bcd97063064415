"""Every accident of `make torture`, in short."""

import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from testing.s3_server import S3Server
from testing.torture import tracing
from testing.torture.outcome import QUICK
from testing.torture.scenarios import LONG, SCENARIOS
from testing.torture.yard import Yard

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="accidents are made by Linux's own means")
# One scenario for each kind of accident; the others repeat its proof at other calls.
IN_SHORT = {"killed_under_load", "commits_that_fail", "full_disks", "restarts", "crowds"}
BY_STRACE = {name for name in SCENARIOS if name.endswith("at_every_call")}


@pytest.fixture(scope="module")
def yard(s3_server: S3Server) -> Iterator[Yard]:
    built = Yard(os.environ["DATABASE_URL"], lambda: s3_server)
    yield built
    built.close()


def scenarios() -> Iterator[Any]:
    for name in SCENARIOS:
        if name not in LONG:
            yield pytest.param(name, marks=() if name in IN_SHORT else pytest.mark.exhaustive)


@pytest.mark.parametrize("name", list(scenarios()))
def test_nothing_is_lost(yard: Yard, name: str) -> None:
    if name in BY_STRACE and not tracing.is_available() and not os.environ.get("CI"):
        pytest.skip("strace is not installed")
    for outcome in SCENARIOS[name](yard, QUICK):
        assert not outcome.lost, outcome
        assert not outcome.broken, outcome
        assert outcome.times, outcome
