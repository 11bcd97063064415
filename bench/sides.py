"""Ours and the documented service, both running, taking turns at being busy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field

from bench.clients import Call, Clients
from bench.processes import Peak, cpu_seconds, peak_of
from bench.rows import Row
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
        return self.calls / self.wall_seconds

    @property
    def cpu_milliseconds(self) -> float:
        """Of the workers, for one request."""
        return self.cpu_seconds * 1000 / self.calls

    def answer(self, pool: Clients, calls: Sequence[Call], *, watch_memory: bool = False) -> None:
        workers = self.server.worker_pids
        before = cpu_seconds(workers)
        with peak_of(workers, self.peak) if watch_memory else nullcontext():
            self.wall_seconds += pool.make(self.server.port, calls)
        self.cpu_seconds += cpu_seconds(workers) - before
        self.calls += len(calls)


@dataclass(frozen=True)
class Turns:
    """How the two take turns: each makes `warm_up` calls that do not count, then a share in each round."""

    pool: Clients
    servers: tuple[Service, Service]
    warm_up: int
    rounds: int
    watch_memory: bool = False

    def repeat(self, count: int, ours: Call, theirs: Call) -> tuple[Side, Side]:
        return self.take([ours] * (self.warm_up + count), [theirs] * (self.warm_up + count))

    def take(self, ours: Sequence[Call], theirs: Sequence[Call]) -> tuple[Side, Side]:
        """The calls in their order, of which the first ones warm up."""
        our_side, their_side = (Side(server) for server in self.servers)
        sides = (our_side, ours), (their_side, theirs)
        for side, calls in sides:
            self.pool.make(side.server.port, calls[: self.warm_up])
        for number in range(self.rounds):
            for side, calls in sides:
                share = calls[self.warm_up + number :: self.rounds]
                side.answer(self.pool, share, watch_memory=self.watch_memory)
        return our_side, their_side


def cpu(work: str, ours: Side, theirs: Side) -> Row:
    work = f"{work}, CPU of the workers for one"
    return Row(work, "ms", ours.cpu_milliseconds, theirs.cpu_milliseconds)


def rate_and_cpu(work: str, ours: Side, theirs: Side) -> Iterable[Row]:
    yield Row(work, "requests/s", ours.per_second, theirs.per_second, more_is_better=True)
    yield cpu(work, ours, theirs)


def largest_worker(work: str, ours: Side, theirs: Side) -> Row:
    work = f"{work}, peak memory of the larger worker"
    return Row(work, "MiB", ours.peak.largest_mib, theirs.peak.largest_mib)
