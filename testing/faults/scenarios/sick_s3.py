"""The bucket answers 500, slowly, half, or not at all; and no transaction waits for it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product

import psycopg

from testing.database import open_folder
from testing.faults.deployments import Deployment, deployed
from testing.faults.faulty_s3 import Fault, FaultyS3
from testing.faults.load import repeating
from testing.faults.outcome import Effort, Outcome
from testing.faults.pictures import new_picture
from testing.s3_server import running

# An upload puts three thumbnails, the photo and two copies.
PUTS = 6
FAULTS = (Fault.SERVER_ERROR, Fault.CUT_REQUEST, Fault.CUT_ANSWER, Fault.DONE_BUT_SILENT)
STATES = "SELECT state FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


def sick_buckets(effort: Effort) -> Iterator[Outcome]:
    """Each fault from the first write of an upload on, from the second …, and for one write only."""
    with _sick() as (deployment, s3):
        for fault in FAULTS:
            outcome = Outcome.after_others(f"S3 {fault.value}", deployment)
            for first, times in _writes(effort):
                _suffer(deployment, s3, outcome, fault, first, times=times)
            yield outcome


def _writes(effort: Effort) -> Iterator[tuple[int, int]]:
    """Which writes fail: the first and how many. In short: one that is tried again, and both copies."""
    if effort.step > 1:
        yield from ((1, 1), (PUTS - 1, sys.maxsize))
    else:
        yield from product(range(1, PUTS + 1), (1, sys.maxsize))


def hanging_buckets(effort: Effort) -> Iterator[Outcome]:
    """The write is done, and the answer never comes: the client's patience decides."""
    outcome = Outcome(f"S3 {Fault.DONE_BUT_HANGS.value}")
    with _sick() as (deployment, s3):
        for first in range(1, PUTS + 1, effort.step):
            _suffer(deployment, s3, outcome, Fault.DONE_BUT_HANGS, first, times=1)
    yield outcome


def _suffer(
    deployment: Deployment, s3: FaultyS3, outcome: Outcome, fault: Fault, first: int, *, times: int
) -> None:
    student = deployment.client.new_student(photos=1)
    before = _today(deployment, student)
    s3.plan.set(fault, first=first, times=times)
    answer = deployment.client.upload(student, new_picture())
    outcome.times += s3.plan.injected
    s3.plan.clear()
    outcome.expect(answer.status in (200, 503), f"a sick S3 was answered with {answer.status}")
    outcome.inspect(deployment, healed=False)
    if answer.status == 503 and answer.code != "exports_pending":
        outcome.expect(_today(deployment, student) == before, "a refused photo shows")
    outcome.works_again(deployment, [student])


def _today(deployment: Deployment, student: int) -> str:
    (found,) = deployment.query(f"SELECT photo_sha256 FROM students_student WHERE id = {student}")
    return str(found[0])


def no_transaction_waits(effort: Effort) -> Iterator[Outcome]:
    """While S3 takes its time with each write, no session of the database may be in a transaction."""
    outcome = Outcome("S3 is slow; transactions open meanwhile")
    samples: list[list[str]] = []
    with _sick(workers=1) as (deployment, s3):
        student = deployment.client.new_student(photos=1)
        s3.delay_seconds = 0.2
        s3.plan.set(Fault.SLOW)
        with _sampling(deployment, s3, samples):
            for change in _changes(deployment, student):
                change()
        outcome.times = s3.plan.injected
        s3.plan.clear()
        outcome.inspect(deployment)
    waiting = sum(any("transaction" in state for state in states) for states in samples)
    outcome.expect(waiting == 0, f"{waiting} of {len(samples)} looks saw a transaction open")
    outcome.expect(len(samples) > 10, f"only {len(samples)} looks while S3 was writing")
    outcome.seen = f"{waiting} open in {len(samples)} looks"
    yield outcome


def _changes(deployment: Deployment, student: int) -> Iterator[Callable[[], object]]:
    """Everything that sends bytes: replace, restore, a new number, deletion (into quarantine)."""
    ask, address = deployment.client.ask, f"/api/students/{student}/"
    yield lambda: deployment.client.upload(student, new_picture())
    history = ask("GET", f"{address}photo-history/").json["results"]
    yield lambda: ask("POST", f"{address}photo-history/{history[-1]['sha256']}/restore/")
    deployment.promises.several_at_once(student)
    yield lambda: ask("PATCH", address, json={"student_number": "4711"})
    yield lambda: deployment.delete(student)


@contextmanager
def _sampling(deployment: Deployment, s3: FaultyS3, samples: list[list[str]]) -> Iterator[None]:
    """Look at the database's sessions again and again, but only in the middle of a write to S3."""
    with psycopg.connect(deployment.database_url, autocommit=True) as connection:

        def look() -> None:
            time.sleep(0.02)
            before = s3.puts_under_way
            states = [str(state) for (state,) in connection.execute(STATES).fetchall()]
            if before and s3.puts_under_way:
                samples.append(states)

        with repeating([look]):
            yield


@contextmanager
def _sick(*, workers: int = 2) -> Iterator[tuple[Deployment, FaultyS3]]:
    with (
        open_folder() as folder,
        running(folder) as server,
        FaultyS3(server.endpoint_url).running() as s3,
        deployed(s3=server, endpoint_url=s3.url, workers=workers) as deployment,
    ):
        yield deployment, s3
