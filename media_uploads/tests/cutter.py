"""A forwarder between a client and a server that cuts one connection in the middle."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Cutter:
    """Passes bytes on both ways. The first connection that sends more than `cut_after_bytes` is reset."""

    def __init__(self, port: int, cut_after_bytes: int) -> None:
        self._target = ("127.0.0.1", port)
        self._cut_after_bytes = cut_after_bytes
        self._channel = socket.create_server(("127.0.0.1", 0))
        self.cuts = 0
        self.url = f"http://127.0.0.1:{self._channel.getsockname()[1]}"

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _address = self._channel.accept()
                threading.Thread(target=self._forward, args=[client], daemon=True).start()

    def close(self) -> None:
        """Let nobody in any more; `accept` wakes up."""
        with suppress(OSError):
            self._channel.shutdown(socket.SHUT_RDWR)
        self._channel.close()

    def _forward(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._target) as server:
            back = threading.Thread(target=_pump, args=[server, client], daemon=True)
            back.start()
            sent = 0
            with suppress(OSError):
                while piece := client.recv(16_384):
                    server.sendall(piece)
                    sent += len(piece)
                    if sent > self._cut_after_bytes and not self.cuts:
                        self.cuts += 1
                        _reset(client)
                        break
            with suppress(OSError):
                server.shutdown(socket.SHUT_WR)
            back.join()


@contextmanager
def cutter(port: int, *, cut_after_bytes: int) -> Iterator[Cutter]:
    """In front of the server at `port` of this machine."""
    made = Cutter(port, cut_after_bytes)
    thread = threading.Thread(target=made.serve, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.close()
        thread.join()


def _reset(connection: socket.socket) -> None:
    """As a network that is gone: no goodbye, a reset for whoever still sends."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RD)
    connection.close()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65_536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
