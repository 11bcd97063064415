"""How the jobs in the background went: read from the queue's own tables, in one query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from photostore.background import JOBS, Job

# The newest job of each name that a worker began, when it began and ended, and how many wait.
_RUNS = """
SELECT name, last.status, events.started_at, events.ended_at,
    (SELECT count(*) FROM procrastinate_jobs WHERE task_name = name AND status = 'todo'),
    coalesce((SELECT sentence FROM photostore_jobfailure failure
        WHERE failure.name = jobs.name AND failure.at >= events.started_at AND last.status = 'failed'), '')
FROM unnest(%s::text[]) AS jobs (name)
LEFT JOIN LATERAL (
    SELECT id, status::text FROM procrastinate_jobs
    WHERE task_name = name AND status NOT IN ('todo', 'cancelled') ORDER BY id DESC LIMIT 1
) AS last ON true
LEFT JOIN LATERAL (
    SELECT max(at) FILTER (WHERE type = 'started') AS started_at,
        max(at) FILTER (WHERE type IN ('succeeded', 'failed', 'aborted')) AS ended_at
    FROM procrastinate_events WHERE job_id = last.id
) AS events ON true
"""


@dataclass(frozen=True, slots=True)
class JobRun:
    """A job and its last run. `status`: doing, succeeded, failed or aborted; empty where it never ran."""

    job: Job
    status: str
    started_at: datetime | None
    ended_at: datetime | None
    waiting: int
    # Why it failed, where that can be said to people.
    sentence: str = ""

    @property
    def took(self) -> timedelta | None:
        """How long the last run took; None while it runs."""
        if self.started_at is None or self.ended_at is None or self.ended_at < self.started_at:
            return None
        return self.ended_at - self.started_at


def job_runs() -> list[JobRun]:
    """One for each job that an app declares, in the order of their names."""
    with connection.cursor() as cursor:
        cursor.execute(_RUNS, [sorted(JOBS)])
        return [JobRun(JOBS[name], status or "", *rest) for name, status, *rest in cursor.fetchall()]


def living_workers() -> int:
    """Workers that gave a sign of life within the last minute."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '1 minute'"
        )
        return int(cursor.fetchone()[0])
