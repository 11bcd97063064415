"""What other processes have used: their CPU seconds, and the peak of their memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]
from django.db import connection

MIB = 2**20
SAMPLE_SECONDS = 0.1


def cpu_seconds(pids: Iterable[int]) -> float:
    """Of these processes so far, with all their threads, in user and system mode."""
    return sum(_cpu_seconds(pid) for pid in pids)


def cpu_with_postgres() -> float:
    """Of this process, and of the one of PostgreSQL that serves it."""
    connection.ensure_connection()
    return time.process_time() + cpu_seconds([int(connection.connection.info.backend_pid)])


def _cpu_seconds(pid: int) -> float:
    # The kernel's own account is exact to the nanosecond, but keeps one thread only: enough for PostgreSQL's
    # sessions, which have one. The other is exact to 10 ms on Linux.
    exact = Path(f"/proc/{pid}/schedstat")
    if exact.exists() and len(list(Path(f"/proc/{pid}/task").iterdir())) == 1:
        return int(exact.read_text().split()[0]) / 1e9
    used = psutil.Process(pid).cpu_times()
    return float(used.user + used.system)


@dataclass
class Peak:
    """The most that was seen at once. `sum_mib` counts a shared page once, where the system can tell."""

    sum_mib: float = 0.0
    largest_mib: float = 0.0


@contextmanager
def peak_of(pids: Iterable[int], peak: Peak) -> Iterator[None]:
    """Raises `peak` to the memory of these processes, looked at ten times a second while the body runs."""
    processes = [psutil.Process(pid) for pid in pids]
    done = threading.Event()

    def watch() -> None:
        while not done.wait(SAMPLE_SECONDS):
            with suppress(psutil.NoSuchProcess):
                used = [process.memory_full_info() for process in processes]
                peak.sum_mib = max(peak.sum_mib, sum(_own(one) for one in used) / MIB)
                peak.largest_mib = max(peak.largest_mib, *(one.rss / MIB for one in used))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def _own(used: object) -> int:
    return int(getattr(used, "pss", 0) or getattr(used, "uss", 0))
