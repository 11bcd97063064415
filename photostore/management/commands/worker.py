"""`manage.py worker`: does the jobs in the background until it is stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from typing import Any

import psycopg
from asgiref.sync import sync_to_async
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from procrastinate.contrib.django import app, procrastinate_app
from procrastinate.contrib.django.utils import connector_params

from photostore.background import PLACES, Queue, end_commands
from photostore.pooler import CAUSE, CURE, sessions_are_shared
from photostore.presence import DEAD_AFTER_SECONDS, PresentManager, WorkerConnector, take_up_jobs_of_the_dead

# What still works after that is ended; every job can be, and is taken up again.
GRACE_SECONDS = 5
HEARTBEAT_SECONDS = 5
SECONDS_BETWEEN_LOOKS = 10


class Command(BaseCommand):
    """Does jobs: imports, exports that are behind, expiries, the nightly verification and backup."""

    help = (
        "Does the jobs in the background until Ctrl-C or SIGTERM: imports, expiries, the nightly "
        "verification and backup. `make run` starts one; a deployment runs as many as it likes, on as many "
        "machines: they share the work. One that is killed loses nothing; another takes its jobs up within "
        "seconds."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """How it ends."""
        parser.add_argument("--once", action="store_true", help="do what waits, then end")
        parser.add_argument(
            "--with-parent", action="store_true", help="end when the process that started it is gone"
        )

    def handle(self, *_args: Any, once: bool, with_parent: bool, **_options: Any) -> None:
        """Work, then end at once."""
        if with_parent:
            threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
        if sessions_are_shared(lambda: psycopg.connect(**connector_params())):
            raise CommandError(f"{CAUSE}; {CURE}.", returncode=2)
        take_up_jobs_of_the_dead()
        connection.close()
        # Threads whose jobs take longer would keep the process for minutes.
        os._exit(asyncio.run(_work(wait=not once)))


async def _work(*, wait: bool) -> int:
    """The exit code: 1 where it ended untold, so that whoever keeps it starts another."""
    params = connector_params()
    connector = WorkerConnector(kwargs=params)
    queue_app = procrastinate_app.current_app
    async with await psycopg.AsyncConnection.connect(**params, autocommit=True) as session:
        queue_app.job_manager = PresentManager(connector, session)
        with queue_app.replace_connector(connector):
            async with queue_app.open_async():
                return await _until_told(session, wait=wait)


async def _until_told(session: psycopg.AsyncConnection[Any], *, wait: bool) -> int:
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    queues = [asyncio.create_task(_worker(queue, wait=wait)) for queue in PLACES]
    beside = [asyncio.create_task(told.wait()), asyncio.create_task(_look_around(session))]
    if wait:
        await asyncio.wait([*queues, *beside], return_when=asyncio.FIRST_COMPLETED)
    else:
        await asyncio.wait(queues)
    code = 0 if told.is_set() or not wait else 1
    end_commands()
    timer = threading.Timer(GRACE_SECONDS + 1, os._exit, (code,))
    timer.daemon = True
    timer.start()
    for task in (*beside, *queues):
        task.cancel()
    await asyncio.gather(*queues, *beside, return_exceptions=True)
    return code


async def _look_around(session: psycopg.AsyncConnection[Any]) -> None:
    """Ends when this worker's session does: others take its jobs for those of a dead one then."""
    while True:
        await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
        await session.execute("SELECT 1")
        await sync_to_async(_take_up)()


def _take_up() -> None:
    try:
        take_up_jobs_of_the_dead()
    finally:
        connection.close()


async def _worker(queue: Queue, *, wait: bool) -> None:
    await app.run_worker_async(
        name=queue,
        queues=[queue],
        concurrency=PLACES[queue],
        wait=wait,
        install_signal_handlers=False,
        shutdown_graceful_timeout=GRACE_SECONDS,
        update_heartbeat_interval=HEARTBEAT_SECONDS,
        stalled_worker_timeout=DEAD_AFTER_SECONDS,
    )


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        threading.Event().wait(1)
    os.kill(os.getpid(), signal.SIGTERM)
