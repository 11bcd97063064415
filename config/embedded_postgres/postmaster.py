"""The server process of a cluster, as `postmaster.pid` and the process table tell of it."""

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

from .errors import EmbeddedPostgresError


class Postmaster(NamedTuple):
    pid: int
    port: int
    is_ready: bool


def running_in(data: Path) -> Postmaster | None:
    """The living server of this cluster. A leftover `postmaster.pid` says nothing: numbers come back."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    if not lines or not _serves(pid := abs(int(lines[0])), data):
        return None
    complete = len(lines) >= 8
    return Postmaster(pid, int(lines[3]) if complete else 0, complete and lines[7].strip() == "ready")


def settled_in(data: Path, timeout_seconds: float = 60) -> Postmaster | None:
    """The same, after waiting for one that is just starting or stopping (its starter may have died)."""
    deadline = time.monotonic() + timeout_seconds
    while (found := running_in(data)) and not found.is_ready:
        if time.monotonic() > deadline:
            raise EmbeddedPostgresError(
                f"PostgreSQL (process {found.pid}) is neither up nor down for {timeout_seconds:.0f} s: "
                f"see postgres.log, and end it with: kill -QUIT {found.pid}"
            )
        time.sleep(0.05)
    return found


def stop(data: Path, patience_seconds: float = 30) -> None:
    """Ask for a fast shutdown; when it does not come, for an immediate one, from which it recovers."""
    for request in (signal.SIGINT, signal.SIGQUIT):
        found = running_in(data)
        if found is None:
            return
        os.kill(found.pid, request)
        if _gone(found.pid, data, patience_seconds):
            return


def forget_stale(data: Path) -> None:
    """PostgreSQL believes that a leftover `postmaster.pid` is alive when its number was given to another
    process of the same user, as happens in every restarted container. One whose process is gone it
    clears away better itself: it looks for orphaned sessions first."""
    path = data / "postmaster.pid"
    if path.exists() and running_in(data) is None and _is_alive(abs(int(path.read_text().split()[0] or 0))):
        path.unlink()


def _gone(pid: int, data: Path, patience_seconds: float) -> bool:
    deadline = time.monotonic() + patience_seconds
    while time.monotonic() < deadline:
        if not _serves(pid, data):
            return True
        time.sleep(0.02)
    return False


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _serves(pid: int, data: Path) -> bool:
    return f" -D {data} " in f"{_command_line(pid)} "


def _command_line(pid: int) -> str:
    """Empty for a process that is no more, or that only waits to be reaped."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
        except OSError:
            return ""
    listing = subprocess.run(
        ["/bin/ps", "-ww", "-p", str(pid), "-o", "command="], check=False, capture_output=True, text=True
    )
    return listing.stdout.strip()
