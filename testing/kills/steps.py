"""What a step is, its name, and killing this process before one.

A step is a write, a copy, a move or a removal of a file, a commit, or a word that is written down without a
transaction. Between two steps nothing changes that others could see, or that would outlive the process.
"""

from __future__ import annotations

import os
import re
import signal
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from pkgutil import resolve_name
from typing import Any

from django.apps import apps
from django.db import connection

from photostore.operations import runner
from photostore.storage import together
from photostore.storage.disk import DiskStorage
from photostore.storage.drafts import Draft
from photostore.storage.s3 import S3Storage

WRITE = re.compile(r"""\b(INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)""")

Watched = tuple[str, str]
"""An owner as `module:name`, and one of its attributes."""


@dataclass(kw_only=True)
class Killer:
    """Kills this process before the first step that is not `spared`, but before none of the `first` ones.

    A step is named by the step within which it comes, and by how many of its kind that has taken before. So
    it has the same name in a run that goes on where a killed one stopped. `tell` is told the name.
    """

    spared: Collection[str]
    first: int
    every: int
    tell: Callable[[str], None]
    _where: str = "the beginning"
    _taken: Counter[str] = field(default_factory=Counter)
    _has_written: bool = False

    def step(self, name: str) -> None:
        self._taken[f"{self._where}: {name}"] += 1
        known_as = f"{self._where}: {name} {self._taken[f'{self._where}: {name}']}"
        if self._taken.total() <= self.first or known_as in self.spared:
            return
        if zlib.crc32(known_as.encode()) % self.every == 0:
            self.tell(known_as)
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, more: Iterable[Watched] = ()) -> None:
        self._follow_steps()
        self._follow_rows()
        for name in ("put", "copy", "move", "remove"):
            self._follow(S3Storage, name)
        # Of many files together each is a step of its own.
        self._follow(Draft, "publish")
        for name in ("_link", "_unlink"):
            self._follow(together, name)
        self._follow(DiskStorage, "remove")
        for owner, name in more:
            self._follow(resolve_name(owner), name)

    def _follow(self, owner: Any, name: str) -> None:
        original = getattr(owner, name)

        def step(*arguments: Any, **options: Any) -> Any:
            self.step(name)
            return original(*arguments, **options)

        setattr(owner, name, step)

    def _follow_steps(self) -> None:
        original = runner.carry_out

        def carry_out(steps: Any) -> None:
            numbers = " to ".join(dict.fromkeys([str(steps[0].number), str(steps[-1].number)]))
            self._where = f"within {steps[0].kind} {numbers}"
            original(steps)
            self._where = f"after {steps[0].kind} {numbers}"

        runner.carry_out = carry_out

    def _follow_rows(self) -> None:
        ours = {model._meta.db_table for model in apps.get_models()}
        commit = connection.commit

        def execute(run: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
            for verb, table in WRITE.findall(str(sql)):
                if table in ours:
                    self._write(f"{verb} {table}")
            return run(sql, params, many, context)

        def step() -> None:
            if self._has_written:
                self.step("COMMIT")
                self._has_written = False
            commit()

        connection.execute_wrappers.append(execute)
        connection.commit = step  # type: ignore[method-assign]

    def _write(self, what: str) -> None:
        if connection.in_atomic_block:
            self._has_written = True
        else:
            self.step(what)
