"""CPU seconds and memory of one piece of work, in a process of its own.

A process of its own, because the peak of memory can only be asked for a whole process, and because nobody
else's caches, threads and garbage may count. CPU seconds, because the machine has other things to do.
"""

from __future__ import annotations

import importlib
import json
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Measured:
    """Medians over the runs; `extra_mib` is what the work added to the process's peak of memory."""

    cpu_seconds: float
    extra_mib: float


def measure(work: str, argument: str, *, runs: int = 7) -> Measured:
    """Runs `work` ("package.module:function") on `argument` in a child process, `runs` times.

    The module may have `prepare()`, which is run first and not counted, as a worker's start is not.
    """
    command = [sys.executable, "-m", "bench.measure", work, argument, str(runs)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return Measured(**json.loads(done.stdout))


def _child(work: str, argument: str, runs: int) -> Measured:
    module_name, name = work.split(":")
    module = importlib.import_module(module_name)
    function: Callable[[str], object] = getattr(module, name)
    getattr(module, "prepare", lambda: None)()
    before = _peak_mib()
    seconds = []
    for _run in range(runs):
        started = _cpu_seconds()
        function(argument)
        seconds.append(_cpu_seconds() - started)
    return Measured(cpu_seconds=statistics.median(seconds), extra_mib=_peak_mib() - before)


def _cpu_seconds() -> float:
    """Of all threads, in user and system mode."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak_mib() -> float:
    """The peak of resident memory. Linux's ru_maxrss also counts the process that started this one."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    unit = 2**20 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


if __name__ == "__main__":
    print(json.dumps(asdict(_child(sys.argv[1], sys.argv[2], int(sys.argv[3])))))
