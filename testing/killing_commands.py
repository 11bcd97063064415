"""Real SIGKILLs at chosen steps of a command, each time in a process that was made for it.

They are forked from a server process that has imported everything and done nothing: a fork of the tests'
own would inherit libvips without its threads, and wait for them for ever.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import signal
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from testing.killing import ENDED_BY_ITSELF, kill_before_step, wait_for_the_lock

PATIENCE_SECONDS = 120
_SETTINGS = ("STORAGES", "MEDIA_ROOT", "PHOTO_BACKUP_DIR")

Patch = tuple[str, str, Any]


def command_killed_before_step(number: int, *command: str, patches: Sequence[Patch] = ()) -> bool:
    """Run a command in a process that is killed before its `number`th step; False when it got to the end.

    `patches` are a module's dotted name, a name in it, and the value that this has in the other process.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["testing.killing_ready"])
    surroundings = {name: getattr(settings, name) for name in _SETTINGS}
    database = str(connection.settings_dict["NAME"])
    other = context.Process(target=_work, args=(number, command, database, surroundings, tuple(patches)))
    other.start()
    other.join(PATIENCE_SECONDS)
    if other.is_alive():
        other.kill()
        raise AssertionError(f"{command} hangs before step {number}.")
    wait_for_the_lock()
    assert other.exitcode in (-signal.SIGKILL, ENDED_BY_ITSELF), "it failed; see its traceback"
    return other.exitcode != ENDED_BY_ITSELF


def _work(
    number: int,
    command: tuple[str, ...],
    database: str,
    surroundings: dict[str, Any],
    patches: tuple[Patch, ...],
) -> None:
    connection.settings_dict["NAME"] = database
    for name, value in surroundings.items():
        setattr(settings, name, value)
    for module, name, value in patches:
        setattr(import_module(module), name, value)
    kill_before_step(number)
    call_command(*command, "--json", stdout=io.StringIO())
    os._exit(ENDED_BY_ITSELF)
