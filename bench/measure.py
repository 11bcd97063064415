"""CPU seconds and memory of one piece of work, in a process of its own.

A process of its own, because the peak of memory can only be asked for a whole process, and because no process
else's caches, threads and garbage may count. CPU seconds, because the machine has other things to do.
"""

from __future__ import annotations

import resource
import statistics
import sys
import time
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from bench.child import in_child
from testing.service import of_the_machine


def compare(ours: str, documented: str, path: str, *, times: int) -> list[dict[str, float]]:
    """Of both works ("package.module:function") with the file at `path`: the median of the CPU, and the most
    that was added to the peak of memory.

    They take turns, so that a busy moment of the machine hits both: `times` times so many runs in a row.
    Their modules have a `prepare()`, which is run first and not counted, as a worker's start is not.
    """
    turns = [
        [
            in_child("bench.measure:sample", of_the_machine(), function=work, path=path, runs=times)
            for work in (ours, documented)
        ]
        for _turn in range(times)
    ]
    return [
        {
            "cpu_seconds": statistics.median(seconds for one in samples for seconds in one["cpu_seconds"]),
            "extra_mib": max(one["extra_mib"] for one in samples),
        }
        for samples in zip(*turns, strict=True)
    ]


def sample(function: str, path: str, runs: int) -> dict[str, Any]:
    """The CPU seconds of each run, with all threads, and the memory on top."""
    resolve_name(f"{function.partition(':')[0]}:prepare")()
    before, seconds = peak_mib(), []
    for _run in range(runs):
        started = time.process_time()
        resolve_name(function)(path)
        seconds.append(time.process_time() - started)
    return {"cpu_seconds": seconds, "extra_mib": peak_mib() - before}


def peak_mib() -> float:
    """The peak of resident memory. Linux's ru_maxrss also counts the process that started this one."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024
    unit = 2**20 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
