"""Clients that do not read their answers: each would keep a thread of the server for ever."""

from __future__ import annotations

import socket as sockets
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from photostore.web.pace import Pace, Watch, Watched, acknowledged, waiting_to_leave

StartResponse = Callable[..., Any]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


class Readers:
    """WSGI middleware: ends the connection of a client that reads its answer too slowly."""

    def __init__(self, application: Application) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Pass through, watched."""
        socket = environ.get("gunicorn.socket")
        if socket is None:
            return self.application(environ, start_response)
        reader = _Reader(socket)
        _watch.add(reader)
        try:
            answer = self.application(environ, start_response)
        except BaseException:
            _watch.remove(reader)
            raise
        wrapper = environ.get("wsgi.file_wrapper")
        if wrapper is not None and isinstance(answer, wrapper):
            # The server knows a file by its class, and sends it without reading it.
            file: Any = answer
            file.close = partial(_closed, getattr(file, "close", None), reader)
            return file  # type: ignore[no-any-return]
        return _Answer(answer, reader)


class _Reader(Watched):
    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.pace: Pace | None = None

    def look(self) -> None:
        if not waiting_to_leave(self.socket):
            self.pace = None  # the answer is not there yet: the time is ours
        elif self.pace is None:
            self.pace = Pace(partial(acknowledged, self.socket))
        elif self.pace.is_too_slow():
            self.socket.shutdown(sockets.SHUT_RDWR)


class _Answer:
    def __init__(self, answer: Iterable[bytes], reader: _Reader) -> None:
        self.answer = answer
        self.reader = reader

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.answer)

    def close(self) -> None:
        _closed(getattr(self.answer, "close", None), self.reader)


def _closed(close: Callable[[], None] | None, reader: _Reader) -> None:
    _watch.remove(reader)
    if close:
        close()


_watch = Watch("slow readers")
