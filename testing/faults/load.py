"""Clients that do not stop while the accident happens."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier, Event
from typing import TypeVar

from testing.faults.deployments import Deployment
from testing.faults.pictures import new_picture

T = TypeVar("T")
PAUSE_SECONDS = 0.05


@contextmanager
def uploading(deployment: Deployment, students: Sequence[int]) -> Iterator[None]:
    """One client per student hands in one photo after the other."""
    client = deployment.client

    def go_on(student: int) -> None:
        if client.upload(student, new_picture()).status != 200:
            time.sleep(PAUSE_SECONDS)

    with repeating([lambda student=student: go_on(student) for student in students]):  # type: ignore[misc]
        yield


@contextmanager
def repeating(actions: Sequence[Callable[[], object]]) -> Iterator[None]:
    """Each action again and again, in a thread of its own; an exception in one is raised at the end."""
    over = Event()

    def repeat(action: Callable[[], object]) -> None:
        while not over.is_set():
            action()

    with ThreadPoolExecutor(len(actions)) as pool:
        running = [pool.submit(repeat, action) for action in actions]
        try:
            yield
        finally:
            over.set()
        for one in running:
            one.result()


def at_once(actions: Sequence[Callable[[], T]]) -> list[T]:
    """All of them at the same moment; what they return, in their order."""
    barrier = Barrier(len(actions))

    def start(action: Callable[[], T]) -> T:
        barrier.wait()
        return action()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(start, actions))
