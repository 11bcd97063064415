"""Bodies as they arrive: not too slowly, and shortly drained when the answer came first."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

# A phone on a bad line sends 50 kB a second; whoever sends less for long keeps a thread from others.
SECONDS_WITHOUT_A_BYTE = 10.0
SECONDS_FOR_ANY_BODY = 30.0
SLOWEST_BYTES_PER_SECOND = 50_000
DRAIN_SECONDS = 3.0
# A client that sends without listening (most libraries) gets to its end and reads the answer; a body
# of gigabytes does not get to waste our time.
DRAIN_BYTES = 64 * 1_048_576

StartResponse = Callable[..., Any]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


class Bodies:
    """WSGI middleware around everything that has a body; requests without one cost nothing.

    After the answer is sent it reads a bounded rest of the body and drops it: closing a socket with
    unread bytes in it makes the kernel send a reset, and the client never sees the answer (RFC 9112,
    section 9.6).
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Pass through, with a body that does not wait for ever."""
        if not (environ.get("CONTENT_LENGTH") or environ.get("HTTP_TRANSFER_ENCODING")):
            return self.application(environ, start_response)
        body = TimedBody(environ["wsgi.input"], environ.get("gunicorn.socket"))
        environ["wsgi.input"] = body
        return _Draining(self.application(environ, start_response), body)


class TimedBody:
    """The body of a request; raises `OSError` when it comes too slowly or malformed.

    Django makes an `UnreadablePostError` of that, as of a broken connection.
    """

    def __init__(self, stream: Any, socket: Any) -> None:
        self.stream = stream
        self.socket = socket
        self.started = time.monotonic()
        self.count = 0

    def read(self, size: int = -1) -> bytes:
        """As the server's own stream."""
        return self._timed(self.stream.read, -1 if size is None else size)

    def readline(self, size: int = -1) -> bytes:
        """As the server's own stream."""
        return self._timed(self.stream.readline, -1 if size is None else size)

    def drain(self) -> None:
        """Read on for a moment and drop it."""
        deadline, drained = time.monotonic() + DRAIN_SECONDS, 0
        try:
            while drained < DRAIN_BYTES and (left := deadline - time.monotonic()) > 0:
                data = self._within(left, self.stream.read, 65536)
                if not data:
                    return
                drained += len(data)
        except OSError:
            return  # the client is gone, too slow or malformed: the server closes the connection

    def _timed(self, read: Callable[[int], bytes], size: int) -> bytes:
        data = self._within(SECONDS_WITHOUT_A_BYTE, read, size)
        self.count += len(data)
        allowed = SECONDS_FOR_ANY_BODY + self.count / SLOWEST_BYTES_PER_SECOND
        if data and time.monotonic() - self.started > allowed:
            raise TimeoutError("The body comes too slowly.")
        return data

    def _within(self, seconds: float, read: Callable[[int], bytes], size: int) -> bytes:
        before = self.socket.gettimeout() if self.socket else None
        try:
            if self.socket:
                self.socket.settimeout(seconds)
            return read(size)
        except OSError:
            raise
        except Exception as error:
            # gunicorn's own exceptions for malformed chunks have no common base but this.
            raise OSError("The body is malformed.") from error
        finally:
            if self.socket:
                self.socket.settimeout(before)


class _Draining:
    def __init__(self, answer: Iterable[bytes], body: TimedBody) -> None:
        self.answer = answer
        self.body = body

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.answer)

    def close(self) -> None:
        try:
            if hasattr(self.answer, "close"):
                self.answer.close()
        finally:
            self.body.drain()
