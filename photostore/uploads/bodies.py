"""Bodies as they arrive: not too slowly, and shortly drained when the answer came first."""

from __future__ import annotations

import socket as sockets
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from photostore.web.pace import SECONDS_WITHOUT_A_BYTE, Pace, Watch, Watched, received

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
        if body.socket is not None:
            _watch.add(body)
        try:
            return _Draining(self.application(environ, start_response), body)
        except BaseException:
            _watch.remove(body)
            raise


class TimedBody(Watched):
    """The body of a request; raises `OSError` when it comes too slowly or malformed.

    Django makes an `UnreadablePostError` of that, as of a broken connection.
    """

    def __init__(self, stream: Any, socket: Any) -> None:
        self.stream = stream
        self.socket = socket
        self.pace: Pace | None = None
        self.drained_until: float | None = None
        self.is_read = False
        self.is_cut = False

    def look(self) -> None:
        """End the wait for the next byte; the answer still reaches the client.

        While the body is not being read, the client is not slow: a video is checked, a lock is waited for.
        """
        if self.drained_until is not None:
            is_over = time.monotonic() > self.drained_until
        elif self.pace is None or not self.is_read:
            self.pace, is_over = Pace(partial(received, self.socket)), False
        else:
            is_over = self.pace.is_too_slow()
        if is_over and self.is_read:
            self.is_cut = True
            self.socket.shutdown(sockets.SHUT_RD)

    def read(self, size: int = -1) -> bytes:
        return self._timed(self.stream.read, -1 if size is None else size)

    def readline(self, size: int = -1) -> bytes:
        return self._timed(self.stream.readline, -1 if size is None else size)

    def drain(self) -> None:
        deadline, drained = time.monotonic() + DRAIN_SECONDS, 0
        self.drained_until = deadline
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
        if self.is_cut:
            raise TimeoutError("The body comes too slowly.")
        return data

    def _within(self, seconds: float, read: Callable[[int], bytes], size: int) -> bytes:
        before = self.socket.gettimeout() if self.socket else None
        try:
            if self.socket:
                self.socket.settimeout(seconds)
            self.is_read = True
            return read(size)
        except OSError:
            raise
        except Exception as error:
            # gunicorn's own exceptions for malformed chunks have no common base but this.
            raise OSError("The body is malformed.") from error
        finally:
            self.is_read = False
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
            _watch.remove(self.body)


_watch = Watch("slow bodies")
