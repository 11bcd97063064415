"""One module per kind of accident; each scenario yields the rows of the table that it fills."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from testing.faults.outcome import Effort, Outcome
from testing.faults.scenarios import (
    after_commit,
    crowds,
    full_disk,
    kills,
    postgres_restarts,
    rollbacks,
    sick_s3,
)

Scenario = Callable[[Effort], Iterator[Outcome]]

SCENARIOS: dict[str, Scenario] = {
    scenario.__name__: scenario
    for scenario in (
        kills.uploads_at_every_call,
        kills.first_uploads_at_every_call,
        kills.deletes_at_every_call,
        kills.slow_bodies,
        kills.killed_under_load,
        rollbacks.commits_that_fail,
        rollbacks.deletions,
        full_disk.full_disks,
        sick_s3.sick_buckets,
        sick_s3.hanging_buckets,
        sick_s3.no_transaction_waits,
        postgres_restarts.restarts,
        crowds.crowds,
        after_commit.finishing_at_once,
    )
}

# Too long for every run of the tests: each of its accidents waits until a time limit ends.
LONG = {"hanging_buckets"}
