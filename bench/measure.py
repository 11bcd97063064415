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
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Measured:
    """The median of the runs' CPU; `extra_mib` is the most that the work added to the peak of memory."""

    cpu_seconds: float
    extra_mib: float


@dataclass(frozen=True)
class _Sample:
    cpu_seconds: list[float]
    extra_mib: float


def compare(
    ours: str, documented: str, argument: str, *, rounds: int = 3, runs: int = 3
) -> tuple[Measured, Measured]:
    """Runs both works ("package.module:function") on `argument`, `rounds` times `runs` times each.

    They take turns, so that a busy moment of the machine hits both. Their modules may have `prepare()`,
    which is run first and not counted, as a worker's start is not.
    """
    turns = [(_sample(ours, argument, runs), _sample(documented, argument, runs)) for _round in range(rounds)]
    our_samples, documented_samples = zip(*turns, strict=True)
    return _summed_up(our_samples), _summed_up(documented_samples)


def _summed_up(samples: Sequence[_Sample]) -> Measured:
    return Measured(
        cpu_seconds=statistics.median(seconds for sample in samples for seconds in sample.cpu_seconds),
        extra_mib=max(sample.extra_mib for sample in samples),
    )


def _sample(work: str, argument: str, runs: int) -> _Sample:
    command = [sys.executable, "-m", "bench.measure", work, argument, str(runs)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return _Sample(**json.loads(done.stdout))


def _child(work: str, argument: str, runs: int) -> _Sample:
    module_name, name = work.split(":")
    module = importlib.import_module(module_name)
    function: Callable[[str], object] = getattr(module, name)
    getattr(module, "prepare", lambda: None)()
    before = peak_mib()
    seconds = []
    for _run in range(runs):
        started = _cpu_seconds()
        function(argument)
        seconds.append(_cpu_seconds() - started)
    return _Sample(cpu_seconds=seconds, extra_mib=peak_mib() - before)


def _cpu_seconds() -> float:
    """Of all threads, in user and system mode."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak_mib() -> float:
    """The peak of resident memory. Linux's ru_maxrss also counts the process that started this one."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    unit = 2**20 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


if __name__ == "__main__":
    print(json.dumps(asdict(_child(sys.argv[1], sys.argv[2], int(sys.argv[3])))))
