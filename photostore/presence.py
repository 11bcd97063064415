"""Which workers live, and what becomes of the jobs of those that do not.

A worker holds a session lock for as long as its process lives. The database frees it when the process ends,
however it ends, so that the next worker knows at once. A machine that lost its power keeps its session for
hours: of that one the missing sign of life tells.
"""

from __future__ import annotations

import logging
from typing import Any

import psycopg
from django.db import connection, transaction
from procrastinate.connector import BaseConnector
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.manager import JobManager
from procrastinate.psycopg_connector import PsycopgConnector

logger = logging.getLogger(__name__)

DEAD_AFTER_SECONDS = 30
_LOCK = "hashtextextended('photostore.worker ' || {}::text, 0)"
_HOLD = f"SELECT pg_advisory_lock({_LOCK.format('%s')})"
# Two at once would take up the same job twice.
_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('photostore.presence', 0))"
# Materialized, so that locks are tried for these rows only.
_OF_THE_DEAD = f"""
WITH doing AS MATERIALIZED (
    SELECT job.id, job.task_name, job.attempts, job.queueing_lock, job.worker_id, worker.last_heartbeat
    FROM procrastinate_jobs job LEFT JOIN procrastinate_workers worker ON worker.id = job.worker_id
    WHERE job.status = 'doing'
)
SELECT id, task_name, attempts, EXISTS (
    SELECT FROM procrastinate_jobs other
    WHERE other.status = 'todo' AND other.queueing_lock = doing.queueing_lock
) FROM doing
WHERE worker_id IS NULL OR last_heartbeat < now() - %s * interval '1 second'
    OR pg_try_advisory_xact_lock({_LOCK.format("worker_id")})
"""  # noqa: S608 (constants)
_AGAIN = "SELECT procrastinate_retry_job_v2(%s, now() + %s * interval '1 second', NULL, NULL, NULL)"
_OVER = "SELECT procrastinate_finish_job_v1(%s, 'aborted', false)"
# A job that kills its worker each time is begun more and more rarely.
_SECONDS_MORE_EACH_TIME, _LONGEST_SECONDS = 15, 600


class WorkerConnector(PsycopgConnector):
    """A worker's own connections; what a job asks for goes along with the job's transaction."""

    def get_sync_connector(self) -> BaseConnector:
        return DjangoConnector(alias="default")


class PresentManager(JobManager):
    """procrastinate's, for a worker's process: whoever is registered holds its lock."""

    def __init__(self, connector: BaseConnector, session: psycopg.AsyncConnection[Any]) -> None:
        super().__init__(connector)
        self.session = session

    async def register_worker(self) -> int:
        worker = await super().register_worker()
        await self.session.execute(_HOLD, [worker])
        return worker


def take_up_jobs_of_the_dead() -> int:
    """What they were doing waits again; how many jobs. One by the clock that waits already is over."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_ALONE)
        cursor.execute(_OF_THE_DEAD, [DEAD_AFTER_SECONDS])
        jobs = cursor.fetchall()
        for job, name, attempts, comes_anyway in jobs:
            logger.warning("The worker of job %s (%s) is gone; it is taken up.", job, name)
            pause = min(_SECONDS_MORE_EACH_TIME * attempts, _LONGEST_SECONDS)
            cursor.execute(_OVER if comes_anyway else _AGAIN, [job] if comes_anyway else [job, pause])
    return len(jobs)
