"""Real SIGKILLs at chosen steps: in a forked process, so that nothing is unwound, no lock given back."""

from __future__ import annotations

import os
import signal
import time
import traceback
import warnings
from collections.abc import Callable
from typing import Any

from django.core.files.storage import storages
from django.db import connection

from photostore.commands import ONE_AT_A_TIME
from photostore.locks import try_lock, unlock

ENDED_BY_ITSELF, FAILED = 0, 70


def killed_before_step(number: int, work: Callable[[], Any]) -> bool:
    """Do `work` in another process that is killed before its `number`th step; False when it got to the end.

    A step is a write to the journal, or a write, move or removal of a file.
    """
    connection.close()  # two processes must not speak over one socket
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside other threads
        child = os.fork()
    if child == 0:
        _work_and_die(number, work)
    _pid, status = os.waitpid(child, 0)
    wait_for_the_lock()
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == ENDED_BY_ITSELF, "the other process failed; see its traceback"
    return False


def _work_and_die(number: int, work: Callable[[], Any]) -> None:
    try:
        vars(storages)["_storages"].clear()  # nor over one to S3
        kill_before_step(number)
        work()
        os._exit(ENDED_BY_ITSELF)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(FAILED)


def kill_before_step(number: int) -> None:
    """From now on count the steps of this process, and kill it before the one with this number."""
    from photostore.models import Act, Operation
    from photostore.storage.disk import DiskStorage
    from photostore.storage.s3 import S3Storage

    left = [number]

    def watch(owner: Any, name: str) -> None:
        original = getattr(owner, name)

        def step(*arguments: Any, **options: Any) -> Any:
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left[0] -= 1
            return original(*arguments, **options)

        setattr(owner, name, step)

    for storage in (DiskStorage, S3Storage):
        for name in ("put", "copy", "move", "remove"):
            watch(storage, name)
    watch(Act, "save")
    watch(Operation, "save")


def wait_for_the_lock() -> None:
    """PostgreSQL needs a moment to notice that the killed process is gone."""
    for _ in range(500):
        if try_lock(ONE_AT_A_TIME):
            unlock(ONE_AT_A_TIME)
            return
        time.sleep(0.01)
    raise AssertionError("The killed process still holds the commands' lock.")
