"""How fast the other end of a connection sends or reads, by the kernel's own count (Linux)."""

from __future__ import annotations

import fcntl
import socket as sockets
import struct
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Lock, Thread
from typing import Any

# A slow line is no attack: 10 kB a second is allowed, with room for its stops.
SLOWEST_BYTES_PER_SECOND = 8_000
SECONDS_OF_GRACE = 30.0
SECONDS_WITHOUT_A_BYTE = 10.0
LOOK_SECONDS = 1.0

# struct tcp_info (linux/tcp.h): tcpi_bytes_acked, tcpi_bytes_received.
_ACKNOWLEDGED_AT, _RECEIVED_AT, _INFO_BYTES = 120, 128, 136


def received(socket: Any) -> int:
    """Bytes that have come since the connection was made."""
    return _counter(socket, _RECEIVED_AT)


def acknowledged(socket: Any) -> int:
    """Bytes that have arrived at the other end."""
    return _counter(socket, _ACKNOWLEDGED_AT)


def waiting_to_leave(socket: Any) -> int:
    """Bytes that the other end has not acknowledged yet. Raises OSError."""
    found: bytes = fcntl.ioctl(socket.fileno(), termios.TIOCOUTQ, bytes(4))
    return int(struct.unpack("i", found)[0])


def _counter(socket: Any, at: int) -> int:
    info = socket.getsockopt(sockets.IPPROTO_TCP, sockets.TCP_INFO, _INFO_BYTES)
    return int.from_bytes(info[at : at + 8], "little")


class Pace:
    """Progress of one side. What came faster than it must is worth some seconds later on, never many."""

    def __init__(self, progress: Callable[[], int]) -> None:
        self.progress = progress
        self.seen = progress()
        self.restart()

    def restart(self) -> None:
        """From now on the other end is waited for."""
        self.moved_at = time.monotonic()
        self.deadline = self.moved_at + SECONDS_OF_GRACE

    def is_too_slow(self) -> bool:
        """Whether it stood still for too long, or goes on too slowly."""
        now, count = time.monotonic(), self.progress()
        if count > self.seen:
            self.deadline += (count - self.seen) / SLOWEST_BYTES_PER_SECOND
            self.deadline = min(self.deadline, now + SECONDS_OF_GRACE)
            self.seen, self.moved_at = count, now
        return now > self.deadline or now - self.moved_at > SECONDS_WITHOUT_A_BYTE


class Watched:
    """Something that waits for the other end of a connection; looked at every second by one thread."""

    def look(self) -> None:
        """End the waiting where it lasts too long. An OSError means that the connection is gone."""
        raise NotImplementedError


class Watch:
    """One thread that looks at all that wait: a socket's own timeout begins anew with every byte."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lock = Lock()
        self.watched: set[Watched] = set()
        self.is_looking = False

    def add(self, one: Watched) -> None:
        with self.lock:
            self.watched.add(one)
            if not self.is_looking:
                self.is_looking = True
                Thread(target=self._look, name=self.name, daemon=True).start()

    def remove(self, one: Watched) -> None:
        """Under the lock, so that nothing is ended whose connection goes on to the next request."""
        with self.lock:
            self.watched.discard(one)

    def _look(self) -> None:
        while True:
            time.sleep(LOOK_SECONDS)
            with self.lock:
                for one in self.watched:
                    with suppress(OSError):
                        one.look()
