"""PostgreSQL goes away and comes back while everybody uploads."""

from __future__ import annotations

import fcntl
import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import IO

from config.embedded_postgres import ensure, postmaster
from config.embedded_postgres.cluster import Cluster
from testing.database import SERVERS
from testing.faults.deployments import Deployment, deployed
from testing.faults.load import uploading
from testing.faults.outcome import Effort, Outcome

DURABLE = SERVERS / "durable"
ALLOWED = {"200", "503", "503 (saved)"}


def restarts(effort: Effort) -> Iterator[Outcome]:
    """A restart as by `pg_ctl restart`, and a crash; with no client using the service."""
    ways: dict[str, Callable[[Cluster], None]] = {"restarts": _restart, "crashes": _crash}
    with (
        (SERVERS / "durable.lock").open("w") as lock,
        deployed(postgres=_durable(lock)) as built,
    ):
        cluster = Cluster.of(DURABLE.resolve())
        for name, accident in ways.items():
            outcome = Outcome.after_others(f"PostgreSQL {name} under load", built)
            _suffer(built, outcome, effort, lambda accident=accident: accident(cluster))  # type: ignore[misc]
            yield outcome


def _suffer(deployment: Deployment, outcome: Outcome, effort: Effort, accident: Callable[[], None]) -> None:
    students = [deployment.client.new_student() for _ in range(4)]
    for _ in range(min(effort.rounds, 6)):
        with uploading(deployment, students):
            time.sleep(effort.seconds / 8)
            accident()
            outcome.times += 1
            time.sleep(effort.seconds / 8)
        outcome.inspect(deployment, healed=False)
        outcome.works_again(deployment, students)
    unexpected = set(deployment.promises.answers) - ALLOWED
    outcome.expect(not unexpected, f"answers: {', '.join(sorted(unexpected))}")


def _durable(lock: IO[str]) -> str:
    """A cluster that keeps what it confirmed, unlike the throwaway ones: for one run at a time."""
    fcntl.flock(lock, fcntl.LOCK_EX)
    return ensure(DURABLE)


def _restart(cluster: Cluster) -> None:
    cluster.stop()
    cluster.start()


def _crash(cluster: Cluster) -> None:
    """The server ends without writing anything down, and recovers from its log."""
    found = postmaster.running_in(cluster.data)
    assert found is not None
    os.kill(found.pid, signal.SIGQUIT)
    while postmaster.running_in(cluster.data):
        time.sleep(0.02)
    cluster.start()
