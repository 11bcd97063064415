"""`manage.py worker`: does the jobs in the background until it is stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from contextlib import suppress
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector

from photostore.background import PLACES, Queue, end_commands

# What still works after that is ended; every job can be, and is taken up again.
GRACE_SECONDS = 5
HEARTBEAT_SECONDS = 5
DEAD_AFTER_SECONDS = 20


class Command(BaseCommand):
    """Does jobs: imports, exports that are behind, expiries, the nightly verification and backup."""

    help = (
        "Does the jobs in the background until Ctrl-C or SIGTERM: imports, expiries, the nightly "
        "verification and backup. `make run` starts one; a deployment runs as many as it likes, on as many "
        "machines: they share the work. One that is killed loses nothing; another takes its jobs up within "
        "about a minute."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """How it ends."""
        parser.add_argument("--once", action="store_true", help="do what waits, then end")
        parser.add_argument(
            "--with-parent", action="store_true", help="end when the process that started it is gone"
        )

    def handle(self, *_args: Any, once: bool, with_parent: bool, **_options: Any) -> None:
        """Work, then end at once: threads whose jobs take longer would keep the process for minutes."""
        if with_parent:
            threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
        assert isinstance(app.connector, DjangoConnector)
        with app.replace_connector(app.connector.get_worker_connector()):
            asyncio.run(_work(wait=not once))


async def _work(*, wait: bool) -> None:
    async with app.open_async():
        workers = [asyncio.create_task(_worker(queue, wait=wait)) for queue in PLACES]
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, _stop, workers)
        await asyncio.gather(*workers, return_exceptions=False)


async def _worker(queue: Queue, *, wait: bool) -> None:
    with suppress(asyncio.CancelledError):  # it was told to stop, and its jobs have had their time
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


def _stop(workers: list[asyncio.Task[None]]) -> None:
    end_commands()
    for worker in workers:
        worker.cancel()
    threading.Timer(GRACE_SECONDS + 1, os._exit, (0,)).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        threading.Event().wait(1)
    os.kill(os.getpid(), signal.SIGTERM)
