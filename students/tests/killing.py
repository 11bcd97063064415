"""Killing a command before any step that it takes, and what the same command makes of it afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from photostore.models import Act
from photostore.operations import conductor
from photostore.storage.disk import DiskStorage
from photostore.storage.s3 import S3Storage

ALL = 10**9
"""As many steps as it likes."""


class Killed(BaseException):
    """No `except Exception` may survive it, as none survives SIGKILL."""


def watched(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], list[str]]:
    """Kills before the step with this number: each word in the journal, each write and move of a file."""
    taken: list[str] = []
    limit = [ALL]

    def watch(owner: Any, name: str) -> None:
        original = getattr(owner, name)

        def step(*arguments: Any, **options: Any) -> Any:
            if len(taken) >= limit[0]:
                raise Killed(name)
            taken.append(name)
            return original(*arguments, **options)

        monkeypatch.setattr(owner, name, step)

    for storage in (DiskStorage, S3Storage):
        for name in ("put", "copy", "move", "remove"):
            watch(storage, name)
    watch(conductor, "mark")
    watch(Act, "save")

    def allow(number: int) -> list[str]:
        taken.clear()
        limit[0] = number
        return taken

    return allow


def count_steps(steps: Callable[[int], list[str]], work: Callable[[], Any]) -> int:
    """How many steps the work takes when nobody kills it."""
    taken = steps(ALL)
    work()
    return len(taken)
