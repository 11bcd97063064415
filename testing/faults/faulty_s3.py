"""A proxy before the S3 server that fails on purpose: by answering 500, slowly, half, or not at all."""

from __future__ import annotations

import http.client
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import Message
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 30


class Fault(Enum):
    SERVER_ERROR = "answers 500"
    BUSY = "answers 503"
    SLOW = "is slow"
    CUT_REQUEST = "cuts the photo off on its way"
    CUT_ANSWER = "cuts its answer off"
    DONE_BUT_SILENT = "does it and never answers"
    DONE_BUT_HANGS = "does it and lets us wait"


class Plan:
    """Which requests fail: of those with `method`, from the `first`th on, `times` of them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.clear()

    def set(
        self, fault: Fault | None, *, method: str = "PUT", first: int = 1, times: int = sys.maxsize
    ) -> None:
        with self._lock:
            self._fault, self._method = fault, method
            self._first, self._last = first, first + times - 1
            self._seen = self.injected = 0

    def clear(self) -> None:
        self.set(None)

    def next(self, method: str) -> Fault | None:
        with self._lock:
            if self._fault is None or method != self._method:
                return None
            self._seen += 1
            hit = self._first <= self._seen <= self._last
            self.injected += hit
            return self._fault if hit else None


class FaultyS3:
    """Listens on loopback, hands everything on, and knows how many writes are under way."""

    def __init__(self, endpoint_url: str) -> None:
        self.plan = Plan()
        self.delay_seconds = 0.5
        self.upstream = urlsplit(endpoint_url).netloc
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("HandlerHere", (Handler,), {"proxy": self}))
        self._server.daemon_threads = True
        self._lock = Lock()
        self.puts_under_way = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @contextmanager
    def counted(self, method: str) -> Iterator[None]:
        with self._lock:
            self.puts_under_way += method == "PUT"
        try:
            yield
        finally:
            with self._lock:
                self.puts_under_way -= method == "PUT"

    @contextmanager
    def running(self) -> Iterator[FaultyS3]:
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()


class Handler(BaseHTTPRequestHandler):
    """One request in, one request out; signatures stay valid because nothing signed is changed."""

    protocol_version = "HTTP/1.1"
    proxy: FaultyS3  # of the subclass that `FaultyS3` makes

    def relay(self) -> None:
        """The service may be killed while it is answered, or the S3 server while it is asked."""
        with suppress(OSError, http.client.HTTPException), self.proxy.counted(self.command):
            self.relay_or_fail(self.proxy.plan.next(self.command))
            return
        self.close_connection = True

    def relay_or_fail(self, fault: Fault | None) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if fault is Fault.CUT_REQUEST:
            self.rfile.read(length // 2)
            self.close_connection = True
            return
        body = self.rfile.read(length)
        if fault in (Fault.SERVER_ERROR, Fault.BUSY):
            self.send_whole(503 if fault is Fault.BUSY else 500, [], b"")
            return
        if fault is Fault.SLOW:
            time.sleep(self.proxy.delay_seconds)
        self.pass_on(body, fault)

    def pass_on(self, body: bytes, fault: Fault | None) -> None:
        status, headers, content = _fetch(self.proxy.upstream, self.command, self.path, self.headers, body)
        if fault is Fault.DONE_BUT_HANGS:
            time.sleep(TIMEOUT_SECONDS)
        if fault is Fault.CUT_ANSWER:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Le")
        if fault in (Fault.CUT_ANSWER, Fault.DONE_BUT_SILENT, Fault.DONE_BUT_HANGS):
            self.close_connection = True
        else:
            self.send_whole(status, headers, content)

    def send_whole(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        if "content-length" not in {name.lower() for name, _value in headers}:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Silence: the table says what was injected."""

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = relay


def _fetch(
    upstream: str, method: str, path: str, headers: Message, body: bytes
) -> tuple[int, list[tuple[str, str]], bytes]:
    connection = http.client.HTTPConnection(upstream, timeout=TIMEOUT_SECONDS)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            if name.lower() not in {"expect", "connection"}:
                connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        content = answer.read()
        kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in _OF_ONE_HOP]
        return answer.status, kept, content
    finally:
        connection.close()


_OF_ONE_HOP = {"connection", "transfer-encoding", "keep-alive"}
