"""Who uses the cluster right now: locks that the kernel drops with their process, however it ends.

Two locks: the turn is held for moments, by the process that starts or stops the server; the use is shared by
all users for as long as they live, and the process that can have it alone is the last.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Usage:
    def __init__(self, folder: Path) -> None:
        self._turn = _open(folder / "postgres.turn.lock")
        self._use = _open(folder / "postgres.use.lock")

    @contextmanager
    def turn(self) -> Iterator[None]:
        fcntl.flock(self._turn, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._turn, fcntl.LOCK_UN)

    def join(self) -> None:
        fcntl.flock(self._use, fcntl.LOCK_SH)

    def is_last(self) -> bool:
        """True when no other process uses the cluster; ask it while having the turn."""
        try:
            fcntl.flock(self._use, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def leave(self) -> None:
        fcntl.flock(self._use, fcntl.LOCK_UN)

    def wait_until_unused(self) -> None:
        """Gives the lock back at once: a newcomer who has the turn must not wait for one who wants it."""
        fcntl.flock(self._use, fcntl.LOCK_EX)
        self.leave()


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
