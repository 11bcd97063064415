"""Bodies that come too slowly or malformed, sent to a real gunicorn."""

import select
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from knox.models import AuthToken

from photostore.web.pace import SECONDS_OF_GRACE
from testing.service import Service, live_server

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def server(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    with django_db_blocker.unblock(), live_server(tmp_path_factory.mktemp("bodies")) as running:
        yield running


def answer_to(server: Service, request: bytes, *, seconds: float = 20) -> bytes:
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=seconds) as line:
        line.sendall(request)
        received = b""
        while piece := line.recv(65536):
            received += piece
            if b"\r\n\r\n" in received and b"}" in received:
                break
        return received


FORM = "multipart/form-data; boundary=b"
LOGIN = b"POST /api/auth/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"


def test_a_malformed_chunk_is_a_400(server: Service) -> None:
    answer = answer_to(server, LOGIN + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc")
    assert b" 400 " in answer.splitlines()[0] and b"interrupted" in answer


def test_a_body_that_never_comes_ends_and_the_others_are_served(server: Service) -> None:
    started = time.monotonic()
    answer = answer_to(server, LOGIN + b"Content-Length: 1000\r\n\r\n{")
    assert b" 400 " in answer.splitlines()[0]
    assert time.monotonic() - started < 15
    assert requests.get(f"{server.url}/healthz", timeout=5).status_code == 200


@pytest.mark.exhaustive
def test_bodies_that_come_byte_by_byte_keep_no_thread(server: Service, alice: Any) -> None:
    form = b"POST /api/users/upload-profile-picture/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    form += b"Content-Type: multipart/form-data; boundary=b\r\n"
    form += f"Authorization: Bearer {AuthToken.objects.create(alice)[1]}\r\n".encode()
    started = time.monotonic()
    with server.connect() as json_line, server.connect() as form_line:
        waiting = {json_line: LOGIN, form_line: form}
        for line, request in waiting.items():
            line.sendall(request + b"Content-Length: 500000\r\n\r\n{")
        while waiting and time.monotonic() - started < 60:
            answered, _, _ = select.select(waiting, [], [], 3)
            for line in answered:
                assert b" 400 " in line.recv(65536).splitlines()[0]
                del waiting[line]
            for line in waiting:
                line.sendall(b"x")
    assert time.monotonic() - started < SECONDS_OF_GRACE + 15


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded", FORM])
def test_only_plain_charsets_are_decoded(server: Service, kind: str) -> None:
    url, body = f"{server.url}/api/auth/login/?a=-b", b'--b\r\nContent-Disposition: form-data; name="x"\r\n'
    for charset in ("punycode", "idna", "utf-7", "unicode_escape", "zlib", "utf-16", "utf-8; a*=klingon''x"):
        for call in (requests.post, requests.get):
            answer = call(url, body, headers={"Content-Type": f"{kind}; charset={charset}"}, timeout=10)
            assert answer.status_code == 415, charset
            assert answer.json()["code"] == "unsupported_charset"
    for charset in ("utf-8", "UTF8", "iso-8859-1", "us-ascii", "klingon"):
        headers = {"Content-Type": f"{kind}; charset={charset}"}
        assert requests.post(url, body, headers=headers, timeout=10).status_code == 400, charset


@pytest.mark.exhaustive
def test_who_never_reads_an_answer_stops_nobody(server: Service) -> None:
    path = "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js"
    assert len(requests.get(server.url + path, timeout=10).content) > 1_000_000
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode() * 20
    host, port = server.url.removeprefix("http://").split(":")
    lines = []
    for _connection in range(60):
        line = socket.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.connect((host, int(port)))
        line.sendall(request)
        lines.append(line)
    try:
        time.sleep(1)
        started = time.monotonic()
        assert requests.get(f"{server.url}/healthz", timeout=45).status_code == 200
        assert time.monotonic() - started < 40
    finally:
        for line in lines:
            line.close()
