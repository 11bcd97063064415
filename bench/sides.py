"""Ours and the documented service, both running, taking turns at being busy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.clients import Call, Clients
from bench.processes import Peak, cpu_seconds, peak_of
from testing.service import Service


@dataclass
class Side:
    """One of the two, with what its workers have done and used so far."""

    server: Service
    calls: int = 0
    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak: Peak = field(default_factory=Peak)

    @property
    def per_second(self) -> float:
        """Requests answered."""
        return self.calls / self.wall_seconds

    @property
    def cpu_milliseconds(self) -> float:
        """Of the workers, for one request."""
        return self.cpu_seconds * 1000 / self.calls

    def answer(self, pool: Clients, calls: Sequence[Call], *, watch_memory: bool = False) -> None:
        """Have the clients make `calls`."""
        workers = self.server.worker_pids
        before = cpu_seconds(workers)
        if watch_memory:
            with peak_of(workers, self.peak):
                self.wall_seconds += pool.make(self.server.port, calls)
        else:
            self.wall_seconds += pool.make(self.server.port, calls)
        self.cpu_seconds += cpu_seconds(workers) - before
        self.calls += len(calls)
