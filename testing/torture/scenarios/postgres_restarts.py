"""PostgreSQL goes away and comes back while everybody uploads."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from config.embedded_postgres import discard, ensure, postmaster
from config.embedded_postgres.cluster import Cluster
from testing.torture.houses import Databases, House, house
from testing.torture.load import uploading
from testing.torture.outcome import Effort, Outcome
from testing.torture.pictures import new_picture
from testing.torture.yard import Yard

ALLOWED = {"200", "503", "503 (saved)"}


def restarts(yard: Yard, effort: Effort) -> Iterator[Outcome]:
    """A restart as by `pg_ctl restart`, and a crash; with nobody touching the service."""
    ways: dict[str, Callable[[Cluster], None]] = {"restarts": _restart, "crashes": _crash}
    with (
        yard.folder() as folder,
        _durable(folder / "postgres") as (url, cluster),
        Databases(url).fresh() as database_url,
        house(database_url, folder) as built,
    ):
        for name, accident in ways.items():
            outcome = Outcome.after_others(f"PostgreSQL {name} under load", built)
            _suffer(built, outcome, effort, lambda accident=accident: accident(cluster))  # type: ignore[misc]
            yield outcome


def _suffer(house: House, outcome: Outcome, effort: Effort, accident: Callable[[], None]) -> None:
    students = [house.client.new_student("Somebody") for _ in range(4)]
    for _ in range(min(effort.rounds, 6)):
        with uploading(house, students):
            time.sleep(effort.seconds / 8)
            accident()
            outcome.times += 1
            time.sleep(effort.seconds / 8)
        outcome.inspect(house, healed=False)
        answers = [house.client.upload(student, new_picture()).status for student in students]
        outcome.expect(set(answers) == {200}, f"with PostgreSQL back, the answers are {answers}")
        outcome.inspect(house)
    unexpected = set(house.promises.answers) - ALLOWED
    outcome.expect(not unexpected, f"answers: {', '.join(sorted(unexpected))}")


@contextmanager
def _durable(folder: Path) -> Iterator[tuple[str, Cluster]]:
    """A cluster that keeps what it confirmed, unlike the throwaway ones."""
    url = ensure(folder)
    try:
        yield url, Cluster.of(folder.resolve())
    finally:
        discard(folder)


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
