"""Bodies that come too slowly or malformed, sent to a real gunicorn."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from testing.server import LiveServer, live_server

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(tmp_path: Path, alice: Any) -> Iterator[LiveServer]:
    with live_server(tmp_path / "live") as running:
        yield running


def answer_to(server: LiveServer, request: bytes, *, seconds: float = 20) -> bytes:
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=seconds) as line:
        line.sendall(request)
        received = b""
        while piece := line.recv(65536):
            received += piece
            if b"\r\n\r\n" in received and b"}" in received:
                break
        return received


LOGIN = b"POST /api/auth/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"


def test_a_malformed_chunk_is_a_400(server: LiveServer) -> None:
    answer = answer_to(server, LOGIN + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc")
    assert b" 400 " in answer.splitlines()[0] and b"interrupted" in answer


def test_a_body_that_never_comes_ends_and_the_others_are_served(server: LiveServer) -> None:
    started = time.monotonic()
    answer = answer_to(server, LOGIN + b"Content-Length: 1000\r\n\r\n{")
    assert b" 400 " in answer.splitlines()[0]
    assert time.monotonic() - started < 15
    assert requests.get(f"{server.url}/healthz", timeout=5).status_code == 200
