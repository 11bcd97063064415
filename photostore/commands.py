"""What all operators' commands have in common: words, exit codes, JSON, progress, one at a time.

Exit codes: 0 it did what it could; 1 a checking command found something wrong, something was skipped,
or it failed after it had done a part; 2 it refused and changed nothing.
"""

from __future__ import annotations

import json
import logging
import os
import re
import socket
import sys
from argparse import ArgumentTypeError
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

from django.core.management.base import BaseCommand, CommandParser
from django.core.management.color import no_style
from django.db import InterfaceError, OperationalError, connection
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from photostore.audit import Actor, operator
from photostore.bounded import BoundedList
from photostore.errors import (
    CommandRefused,
    ExportsPending,
    PhotostoreError,
    StorageNotMounted,
    StorageUnavailable,
)
from photostore.locks import try_lock, unlock
from photostore.models import Operation, OperationStep
from photostore.operations.tally import tallied

Item = TypeVar("Item")

DONE, FOUND_WRONG, REFUSED = 0, 1, 2
ONE_AT_A_TIME = "photostore.commands"
LONGEST = timedelta(days=36_500)  # what lies before the year 1 no database can compare with
DJANGOS_OWN = (
    *("--version", "--verbosity", "--settings", "--pythonpath", "--traceback", "--no-color", "--force-color"),
    "--skip-checks",
)
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def duration(text: str) -> timedelta:
    """`30m`, `1h`, `30d`, for argparse."""
    match = re.fullmatch(r"(\d{1,6})([smhd])", text)
    if match is None:
        raise ArgumentTypeError(f"{text!r} is no duration: write it as 30m, 1h or 30d.")
    given = timedelta(seconds=int(match[1]) * UNITS[match[2]])
    if given > LONGEST:
        raise ArgumentTypeError(f"{text!r} is longer than a hundred years.")
    return given


class PhotoCommand(BaseCommand):
    """A command of ours: states `help`, adds its arguments, and works in `work`.

    `say` prints a line for a person, `result` collects what `--json` prints at the end instead.
    `exclusive` commands run one at a time.
    """

    exclusive = True
    # Django's own: they work, and are not shown, for a page of help is about photos.
    suppressed_base_arguments = set(DJANGOS_OWN)
    requires_system_checks: list[str] = []  # the work itself says in one sentence what is wrong
    result: dict[str, Any]
    done: Counter[str]

    def add_arguments(self, parser: CommandParser) -> None:
        """`--json`, and what the command itself takes."""
        parser.add_argument("--json", action="store_true", help="print one JSON object, for machines")
        self.arguments(parser)

    def arguments(self, parser: CommandParser) -> None:
        pass

    def work(self, **options: Any) -> int:
        """Returns the exit code."""
        raise NotImplementedError

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run `work` and end with its exit code; every refusal is one sentence."""
        self.style = no_style()
        self.json: bool = options.pop("json")
        self.result = {}
        with _logging_in_sentences():
            code = self._guarded(options)
        if self.json:
            self._write(json.dumps(self.result | {"exit_code": code}, indent=2, default=str))
        self._write("", ending="")
        if code:
            sys.exit(code)

    def _guarded(self, options: dict[str, Any]) -> int:
        try:
            with tallied() as self.done, self._alone():
                return self.work(**options)
        except StorageNotMounted as refusal:
            return self._refuse(refusal.advice, refusal.code)
        except StorageUnavailable as refusal:
            refused = self._refuse(str(refusal), refusal.code, tell=self._tell_unfinished)
            # Of what only lacks its copies the rows are committed.
            return FOUND_WRONG if isinstance(refusal, ExportsPending) else refused
        except PhotostoreError as refusal:
            return self._refuse(str(refusal), refusal.code)
        except (OperationalError, InterfaceError) as error:
            logging.getLogger(__name__).debug("%s", error)
            return self._refuse("Failed to connect to database", "database_unavailable")
        except KeyboardInterrupt:
            self.stderr.write("Stopped. Nothing is half done; the same command goes on from here.")
            return 130

    def _refuse(self, sentence: str, code: str, *, tell: Callable[[], None] = lambda: None) -> int:
        """Only what changed nothing may say so by its exit code."""
        self.result |= {"error": sentence, "code": code, "done_before": self.done.total()}
        if not self.json:
            self.stderr.write(sentence)
            for what, count in self.done.items():
                self.stderr.write(f"Before that, {what} did {count} of its steps, and they stand.")
            if self.done:
                self.stderr.write("The same command goes on from here.")
        tell()
        return FOUND_WRONG if self.done else REFUSED

    def _tell_unfinished(self) -> None:
        """What was written down and not done yet is done by whatever command comes next, asked or not."""
        if not try_lock(ONE_AT_A_TIME):
            return  # another command is at work, and it is that one's
        unlock(ONE_AT_A_TIME)
        steps = OperationStep.objects.filter(
            state=OperationStep.State.PLANNED, operation__state=Operation.State.RUNNING
        )
        begun = steps.order_by("pk").last()
        self.result["unfinished"] = begun and str(begun.operation_id)
        if begun and not self.json:
            self.stderr.write(
                f"A step of {begun.operation.command} was begun: the next command that changes photos "
                f"finishes it first.{_way_back(begun.operation)}"
            )

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self.exclusive:
            yield
            return
        with one_at_a_time(self.name):
            yield

    @property
    def name(self) -> str:
        return type(self).__module__.rpartition(".")[2]

    @property
    def actor(self) -> Actor:
        """The operator who runs the command on this machine."""
        return operator()

    def say(self, line: str = "") -> None:
        """A line for a person; silent with `--json`."""
        if not self.json:
            self._write(line)

    def _write(self, text: str, ending: str = "\n") -> None:
        """When the reader closes the pipe (`| head`), the work goes on without output."""
        try:
            self.stdout.write(text, ending=ending)
            if not ending:
                self.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def listed(self) -> BoundedList:
        """A list for `--json`; without that it only counts."""
        return BoundedList(keep=self.json)

    def progress(self, items: Iterable[Item], *, what: str, total: int | None = None) -> Iterator[Item]:
        """The items, with a bar on a terminal and without one elsewhere."""
        with self.ticking(what, total=total) as tick:
            for item in items:
                yield item
                tick()

    @contextmanager
    def ticking(self, what: str, *, total: int | None = None) -> Iterator[Callable[[], None]]:
        """A bar around work that yields nothing: call what is given here after each step.

        Without `total` the bar only moves, and tells how long it has been going on.
        """
        time = TimeElapsedColumn() if total is None else TimeRemainingColumn()
        with self._bar(MofNCompleteColumn(), time) as bar:
            task = bar.add_task(what, total=total)
            yield (lambda: None) if bar.disable else (lambda: bar.advance(task))

    @contextmanager
    def waiting(self, what: str) -> Iterator[None]:
        """A bar that moves around one call that cannot tell how far it is."""
        with self._bar(TimeElapsedColumn()) as bar:
            bar.add_task(what, total=None)
            yield

    def _bar(self, *columns: ProgressColumn) -> Progress:
        return Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            *columns,
            console=Console(stderr=True),
            transient=True,
            disable=self.json or not sys.stderr.isatty(),
        )


class _Sentence(logging.Formatter):
    """A log line for a person: the sentence alone. Machines, also in a pipe, get JSON with the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        return record.getMessage()


@contextmanager
def _logging_in_sentences() -> Iterator[None]:
    handlers = list(logging.getLogger().handlers) if sys.stderr.isatty() else []
    formatters = [handler.formatter for handler in handlers]
    for handler in handlers:
        handler.setFormatter(_Sentence())
    try:
        yield
    finally:
        for handler, formatter in zip(handlers, formatters, strict=True):
            handler.setFormatter(formatter)


def _way_back(operation: Operation) -> str:
    if not operation.can_be_undone:
        return ""
    return f" Not wanted? manage.py undo_photo_operation {operation.pk}"


@contextmanager
def one_at_a_time(name: str) -> Iterator[None]:
    """Hold the commands' lock. Raises `CommandRefused`, and says who holds it."""
    if not try_lock(ONE_AT_A_TIME):
        raise CommandRefused(f"Another command is running: {_holder()}. Try again when it has finished.")
    try:
        with connection.cursor() as cursor:
            me = f"{name} (process {os.getpid()} on {socket.gethostname()})"
            cursor.execute("SELECT set_config('application_name', %s, false)", [me[:63]])
        yield
    finally:
        unlock(ONE_AT_A_TIME)


@contextmanager
def alone(name: str, sentence: str) -> Iterator[None]:
    """Hold a lock of one's own beside the commands'. Raises `CommandRefused` with the sentence where it is
    taken.
    """
    if not try_lock(name):
        raise CommandRefused(sentence, code="locked")
    try:
        yield
    finally:
        unlock(name)


def _holder() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT application_name, backend_start FROM pg_stat_activity JOIN pg_locks USING (pid)
            WHERE locktype = 'advisory' AND granted
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND (classid::bigint << 32 | objid::bigint) = hashtextextended(%s, 0)
            """,
            [ONE_AT_A_TIME],
        )
        row = cursor.fetchone()
    return f"{row[0]}, since {row[1]:%H:%M:%S} UTC" if row else "one that has just ended"
