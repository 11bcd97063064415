"""Accidents at one system call of a running process, by strace."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ATTACH_SECONDS = 10


def is_available() -> bool:
    return shutil.which("strace") is not None


@contextmanager
def killed_before(pid: int, call: str, number: int) -> Iterator[None]:
    """SIGKILL `pid` when one of its threads enters `call` for the `number`th time."""
    with _traced(pid, call, f"{call}:signal=KILL:when={number}"):
        yield


@contextmanager
def disk_full(pid: int) -> Iterator[None]:
    """Every write to a file fails as on a full disk; sockets are written to otherwise."""
    with _traced(pid, "write", "write:error=ENOSPC"):
        yield


@contextmanager
def _traced(pid: int, call: str, inject: str) -> Iterator[None]:
    program = shutil.which("strace")
    assert program is not None, "strace is missing: install it."
    quiet = [program, "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={inject}"]
    strace = subprocess.Popen([*quiet, "-p", str(pid)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_until_attached(pid, strace)
        yield
    finally:
        # Not gently: it may wait for ever for the last thread of a process that it has just killed.
        strace.kill()
        strace.wait()


def _wait_until_attached(pid: int, strace: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + ATTACH_SECONDS
    while not _is_traced(pid):
        if strace.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"strace cannot attach to process {pid}.")
        time.sleep(0.005)


def _is_traced(pid: int) -> bool:
    """In all its threads."""
    threads = list(Path(f"/proc/{pid}/task").iterdir())
    return bool(threads) and all("\nTracerPid:\t0\n" not in (one / "status").read_text() for one in threads)
