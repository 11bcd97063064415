"""Jobs in the background: an app declares them in its `jobs.py`, and a worker does them (`manage.py worker`).

The queue is procrastinate's, in our own database: a job that is put into it in a transaction is there when
that commits, and not when it is rolled back.
"""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from threading import Event
from typing import Literal, ParamSpec

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone
from django.utils.functional import Promise
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.tasks import Task

from photostore.errors import PhotostoreError
from photostore.models import JobFailure

logger = logging.getLogger(__name__)

# A job of minutes must not keep the jobs of every minute waiting, so each kind has places of its own.
Given = ParamSpec("Given")
Queue = Literal["quick", "long"]
PLACES: dict[Queue, int] = {"quick": 2, "long": 2}
REFUSED = 2


@dataclass(frozen=True, slots=True)
class Job:
    """What people are told of a job. `cron`: when it runs by itself; empty: only on request."""

    name: str
    title: str | Promise
    cron: str = ""


JOBS: dict[str, Job] = {}


class JobRefused(Exception):
    """The command of a job did not do its work; in its own words where it said some."""


class CommandEnded(Exception):
    """The worker was told to stop while the command of a job ran."""


@contextmanager
def failures_are_told(name: str) -> Iterator[None]:
    """In one sentence, to people; the error itself stands in the log."""
    try:
        yield
    except Exception as error:
        said = str(error) if isinstance(error, PhotostoreError | JobRefused) else ""
        with suppress(DatabaseError):
            told = {"at": timezone.now(), "sentence": said}
            JobFailure.objects.update_or_create(name=name, defaults=told)
        raise


def periodic(
    title: str | Promise, *, cron: str, queue: Queue = "quick"
) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """A job by the clock (`cron`: minute, hour, day, month, weekday, in UTC), once at a time."""

    def declare(work: Callable[[], object]) -> Callable[[], object]:
        name = work.__name__
        JOBS[name] = Job(name, title, cron)

        def run(timestamp: int) -> None:  # noqa: ARG001 (the queue's argument: for which moment)
            with failures_are_told(name):
                work()

        again = RetryStrategy(retry_exceptions=[CommandEnded])
        task = app.task(name=name, queue=queue, lock=name, queueing_lock=name, retry=again)(run)
        app.periodic(cron=cron)(task)
        return work

    return declare


def on_request(
    title: str | Promise, *, again_after_seconds: int, again_on: tuple[type[Exception], ...]
) -> Callable[[Callable[Given, object]], Task[Given, object, Given]]:
    """A long job that is asked for by `.defer(…)`; after an error of `again_on` it is tried again."""

    def declare(work: Callable[Given, object]) -> Task[Given, object, Given]:
        JOBS[work.__name__] = Job(work.__name__, title)
        retry = RetryStrategy(wait=again_after_seconds, retry_exceptions=again_on)

        @wraps(work)
        def run(*args: Given.args, **given: Given.kwargs) -> None:
            with failures_are_told(work.__name__):
                work(*args, **given)

        return app.task(name=work.__name__, queue="long", retry=retry)(run)

    return declare


_running: set[subprocess.Popen[str]] = set()
_stopping = Event()


def command(*words: str) -> None:
    """Run a command of ours as an operator would, in a process of its own.

    That gives its memory back, and ends with the worker. Raises `JobRefused`, `CommandEnded`.
    """
    manage = Path(settings.BASE_DIR) / "manage.py"
    started = subprocess.Popen(
        [sys.executable, str(manage), *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    _running.add(started)
    if _stopping.is_set():
        started.terminate()  # `end_commands` has not seen it
    try:
        printed, complained = started.communicate()
    finally:
        _running.discard(started)
    logger.info("%s ended with %d. %s", words[0], started.returncode, printed.strip())
    if _stopping.is_set():
        raise CommandEnded
    _judge(words[0], started.returncode, complained.strip())


def _judge(name: str, code: int, complained: str) -> None:
    if "Traceback" in complained:  # not for people
        logger.error("%s stopped: %s", name, complained)
        raise JobRefused(f"{name} stopped with an error; the log says why.")
    if code == REFUSED:
        raise JobRefused(f"{name}: {complained}")
    if code < 0:
        raise JobRefused(f"{name} was ended by signal {-code}.")


def end_commands() -> None:
    """The worker stops. Every command can be ended at any moment; its next run goes on."""
    _stopping.set()
    for process in list(_running):
        process.terminate()
