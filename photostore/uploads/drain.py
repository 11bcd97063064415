"""The short drain after an answer that came before the body was read."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

MAX_SECONDS = 3.0
# A client that sends without listening (most libraries) gets to its end and reads the answer; a body
# of gigabytes does not get to waste our time.
MAX_BYTES = 64 * 1_048_576

StartResponse = Callable[..., Any]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


class DrainUnreadBody:
    """WSGI middleware: after the answer is sent, reads a bounded rest of the body and drops it.

    Closing a socket with unread bytes in it makes the kernel send a reset, and the client never sees
    the answer (RFC 9112, section 9.6).
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Pass through; requests without a body cost nothing."""
        if not (environ.get("CONTENT_LENGTH") or environ.get("HTTP_TRANSFER_ENCODING")):
            return self.application(environ, start_response)
        return _Draining(self.application(environ, start_response), environ)


class _Draining:
    def __init__(self, answer: Iterable[bytes], environ: dict[str, Any]) -> None:
        self.answer = answer
        self.environ = environ

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.answer)

    def close(self) -> None:
        try:
            if hasattr(self.answer, "close"):
                self.answer.close()
        finally:
            _drain(self.environ)


def _drain(environ: dict[str, Any]) -> None:
    socket = environ.get("gunicorn.socket")
    body = environ["wsgi.input"]
    deadline = time.monotonic() + MAX_SECONDS
    before = socket.gettimeout() if socket else None
    drained = 0
    try:
        while drained < MAX_BYTES and (left := deadline - time.monotonic()) > 0:
            if socket:
                socket.settimeout(left)
            data = body.read(65536)
            if not data:
                return
            drained += len(data)
    except (OSError, ValueError):
        # The client is gone, or its chunks are malformed: the server closes the connection.
        return
    finally:
        if socket:
            socket.settimeout(before)
