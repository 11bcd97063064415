"""Slow lines go on, and who neither sends nor reads keeps no thread."""

from __future__ import annotations

import socket as sockets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from photostore.web import pace
from photostore.web.pace import Pace, acknowledged, received, waiting_to_leave
from photostore.web.readers import Readers


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.count = 1000.0, 0
        monkeypatch.setattr(pace.time, "monotonic", lambda: self.now)

    def goes_on(self, bytes_per_second: int, seconds: int) -> int:
        watched = Pace(lambda: self.count)
        for second in range(seconds):
            self.now += 1
            self.count += bytes_per_second
            if watched.is_too_slow():
                return second
        return seconds


def test_a_slow_line_is_no_attack(monkeypatch: pytest.MonkeyPatch) -> None:
    """20 MB over 10 kB a second; 4 MB over 30 kB/s were cut after 72 seconds."""
    assert Clock(monkeypatch).goes_on(10_000, 2000) == 2000


@pytest.mark.parametrize(("speed", "seconds"), [(0, 10), (1, 30), (4_000, 61)])
def test_who_is_slower_is_ended(speed: int, seconds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Clock(monkeypatch).goes_on(speed, 1000) <= seconds


def test_a_quick_beginning_buys_no_slow_end(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    watched = Pace(lambda: clock.count)
    clock.count += 100_000_000
    assert not watched.is_too_slow()
    for _second in range(31):
        clock.now += 1
        clock.count += 1
        if watched.is_too_slow():
            return
    pytest.fail("it lives on its beginning")


@pytest.fixture
def line() -> Iterator[tuple[Any, Any]]:
    with sockets.create_server(("127.0.0.1", 0)) as server:
        client = sockets.socket()
        client.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
        client.connect(server.getsockname())
        ours, _address = server.accept()
        with ours, client:
            yield ours, client


def test_the_kernel_counts(line: tuple[Any, Any]) -> None:
    ours, client = line
    client.sendall(bytes(1000))
    ours.recv(1000, sockets.MSG_WAITALL)
    ours.sendall(bytes(500))
    client.recv(500, sockets.MSG_WAITALL)
    until = time.monotonic() + 5
    while waiting_to_leave(ours) and time.monotonic() < until:
        time.sleep(0.01)
    # A connection's own beginning counts as one byte.
    assert (received(ours), acknowledged(ours) in {500, 501}) == (1000, True)


@pytest.mark.parametrize("is_read", [False, True], ids=["never read", "read"])
def test_an_answer_that_nobody_reads_is_ended(
    is_read: bool, line: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "SECONDS_WITHOUT_A_BYTE", 0.3)
    monkeypatch.setattr(pace, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr("photostore.web.readers._watch", pace.Watch("test"))
    ours, client = line
    body = bytes(20_000_000)
    application = Readers(lambda _environ, _start: [body])

    def serve() -> None:
        answer: Any = application({"gunicorn.socket": ours}, None)  # type: ignore[arg-type]
        try:
            for piece in answer:
                ours.sendall(piece)
        finally:
            answer.close()

    with ThreadPoolExecutor(1) as threads:
        served = threads.submit(serve)
        if is_read:
            left = len(body)
            while left:
                left -= len(client.recv(min(left, 65536)))
            served.result(10)
        else:
            with pytest.raises(OSError):
                served.result(10)
