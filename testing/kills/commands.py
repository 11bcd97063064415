"""A command, or a function named `module:name`, in a process of its own that is killed before a step.

The processes are forked from a server process that has imported everything and done nothing: a fork of the
tests' own would inherit libvips without its threads, and wait for them for ever.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from multiprocessing.connection import Connection
from pkgutil import resolve_name
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test.signals import setting_changed

from photostore.commands import ONE_AT_A_TIME
from photostore.locks import try_lock, unlock
from testing.exhaustive import is_exhaustive
from testing.kills.steps import Killer, Watched

PATIENCE_SECONDS = 120
SAMPLE = 4
"""Of so many steps `make test` kills before one, always the same; `make test-all` on a disk before each."""
ON_S3 = int(os.environ.get("KILL_EVERY_ON_S3", "8"))
"""There `make test-all` takes a sample too, as each step takes several times as long; with
`KILL_EVERY_ON_S3=1 make test-all` every step."""
APART = 10
"""About as many steps as the longest step takes."""
_SETTINGS = ("STORAGES", "MEDIA_ROOT", "PHOTO_BACKUP_DIR")

Patch = tuple[str, str, Any]


def one_of(storage: str = "disk") -> int:
    """Of how many steps one is a kill in this run."""
    if not is_exhaustive():
        return SAMPLE
    return ON_S3 if storage == "s3" else 1


def killed_after(steps: int, *command: Any, watched: Sequence[Watched] = ()) -> bool:
    """Kill the command once, after so many steps; False when it came to its end before."""
    return Killing(every=1, watched=watched).killed_before(command, first=steps) is not None


@dataclass(kw_only=True)
class Killing:
    """A command, and all steps before which it was killed so far.

    A life is the command, killed and run again until it comes to its end by itself. Kills of one life are
    `apart` steps from each other, so that none mends what another one spoiled; so a few lives are enough for
    all steps, and the first one without a kill shows that no step was left out.

    `every`: of that many steps one, always the same. `patches` are a module's dotted name, a name in it, and
    the value that this has in the other process; `watched`, what counts as a step besides (see
    `testing.kills.steps`). `codes`: how it may end.
    """

    every: int = field(default_factory=one_of)
    apart: int = APART
    patches: Sequence[Patch] = ()
    watched: Sequence[Watched] = ()
    codes: frozenset[int] = frozenset({0})
    as_json: bool = True
    steps: set[str] = field(default_factory=set)
    killed: list[str] = field(default_factory=list)

    def was_killed_often(self, at_least: int) -> bool:
        """Before so many steps, or their share of a sample: else a step is not seen any more."""
        return len(self.steps) >= max(1, at_least // self.every // 2 if self.every > 1 else at_least)

    def life(self, *command: Any) -> bool:
        """Whether it was killed at all; `killed` says before which steps."""
        self.killed = []
        while step := self.killed_before(command, first=self.apart if self.killed else 0):
            self.killed.append(step)
            self.steps.add(step)
        return bool(self.killed)

    def killed_before(self, command: tuple[Any, ...], *, first: int) -> str | None:
        """The step that is not in `steps` yet, after the `first` ones; None when it came to its end."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["testing.kills.preloaded"])
        reading, writing = context.Pipe(duplex=False)
        surroundings = {name: getattr(settings, name) for name in _SETTINGS}
        database = str(connection.settings_dict["NAME"])
        other = context.Process(target=_work, args=(self, command, first, database, surroundings, writing))
        other.start()
        writing.close()
        other.join(PATIENCE_SECONDS)
        if other.is_alive():
            other.kill()
            raise AssertionError(f"{command} hangs after {self.killed}.")
        _wait_for_the_lock()
        return self._told(reading, other.exitcode)

    def _told(self, reading: Connection, exit_code: int | None) -> str | None:
        said: str | tuple[int, str] | None = reading.recv() if reading.poll() else None
        reading.close()
        if isinstance(said, str):
            assert exit_code == -signal.SIGKILL
            return said
        code, printed = said or (None, "see its traceback")
        assert code in self.codes, f"it ended with {code} after {self.killed}: {printed}"
        return None


def _wait_for_the_lock() -> None:
    """PostgreSQL needs a moment to notice that the killed process is gone."""
    for _ in range(500):
        if try_lock(ONE_AT_A_TIME):
            unlock(ONE_AT_A_TIME)
            return
        time.sleep(0.01)
    raise AssertionError("The killed process still holds the commands' lock.")


def _work(
    killing: Killing,
    command: tuple[Any, ...],
    first: int,
    database: str,
    surroundings: dict[str, Any],
    told: Connection,
) -> None:
    connection.settings_dict["NAME"] = database
    for name, value in surroundings.items():
        setattr(settings, name, value)
        setting_changed.send(sender=None, setting=name, value=value, enter=True)
    for module, name, value in killing.patches:
        setattr(import_module(module), name, value)
    Killer(spared=killing.steps, first=first, every=killing.every, tell=told.send).watch(killing.watched)
    told.send(_ended(command, as_json=killing.as_json))
    os._exit(0)


def _ended(command: tuple[Any, ...], *, as_json: bool) -> tuple[int, str]:
    """The exit code, and what was printed."""
    (name, *arguments), printed = command, io.StringIO()
    try:
        if ":" in name:
            resolve_name(name)(*arguments)
        else:
            call_command(name, *arguments, *(["--json"] if as_json else []), stdout=printed)
    except SystemExit as end:
        return int(end.code or 0), printed.getvalue()[-2_000:]
    return 0, printed.getvalue()[-2_000:]
