"""The service in a real gunicorn: bodies that are too large, chunks, kept connections, logs, figures."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from students.models import Student, StudentPhoto
from testing.pictures import portrait, saved
from testing.service import Service, free_bytes, live_server

pytestmark = pytest.mark.django_db(transaction=True)

TEN_GB = 10 * 1024**3
MB = 1_048_576
PIECE = bytes(256 * 1024)


@pytest.fixture(scope="module")
def running(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("live")
    starting = live_server(folder, preload=False, METRICS_TOKEN="scrape-me")  # as in production
    with django_db_blocker.unblock(), starting as server:
        yield server


@pytest.fixture
def server(running: Service, alice: Any) -> Service:
    running.forget()
    return running


@pytest.fixture
def token(alice: Any) -> str:
    from knox.models import AuthToken

    return AuthToken.objects.create(alice)[1]


@pytest.fixture
def auth(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def ada(alice: Any) -> Student:
    return Student.objects.create(name="Ada")


def face(seed: int) -> bytes:
    return saved(portrait(seed, 300, 400), "JPEG")


def head(path: str, token: str, *lines: str, method: str = "POST") -> bytes:
    wanted = (f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {token}", *lines)
    return ("\r\n".join(wanted) + "\r\n\r\n").encode()


def begin_form(filename: str = "huge.jpg") -> bytes:
    disposition = f'Content-Disposition: form-data; name="profile_photo"; filename="{filename}"'
    return f"--b\r\n{disposition}\r\nContent-Type: image/jpeg\r\n\r\n".encode()


def send_until_refused(connection: socket.socket, total: int, *, chunked: bool) -> tuple[int, bytes]:
    """Sends as a client that does not listen while it sends; how much went out, and the answer."""
    connection.settimeout(30)
    sent = 0
    first = begin_form()
    try:
        for piece in [first, *([PIECE] * (total // len(PIECE)))]:
            connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
            sent += len(piece)
    except (BrokenPipeError, ConnectionResetError):
        pass
    try:
        return sent, connection.recv(65536)
    except ConnectionResetError:
        return sent, b""


def answer_in(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """One whole answer from a connection that stays open."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError(f"closed after {data!r}")
        data += piece
    top, _, body = data.partition(b"\r\n\r\n")
    status, *lines = top.decode().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    if headers.get("transfer-encoding") == "chunked":
        while not body.endswith(b"0\r\n\r\n"):
            body += connection.recv(65536)
        body = b"".join(re.findall(rb"[0-9a-f]+\r\n(.*?)\r\n", body, re.DOTALL | re.IGNORECASE))
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65536)
    return int(status.split()[1]), headers, body


# --- too large --------------------------------------------------------------------------------------


@pytest.mark.parametrize("chunked", [False, True], ids=["announced", "chunked"])
def test_ten_gigabytes_cost_neither_disk_nor_memory_nor_time(
    server: Service, token: str, ada: Student, chunked: bool
) -> None:
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {TEN_GB}"
    memory, disk, free = server.resident_bytes(), server.written_bytes(), free_bytes(server.folder)
    started = time.monotonic()
    with server.connect() as connection:
        path = f"/api/students/{ada.pk}/upload-photo/"
        connection.sendall(head(path, token, "Content-Type: multipart/form-data; boundary=b", length))
        sent, answer = send_until_refused(connection, TEN_GB, chunked=chunked)
    assert time.monotonic() - started < 20
    assert sent < 150 * MB, "the server goes on reading"
    assert answer == b"" or answer.startswith(b"HTTP/1.1 413")
    assert server.resident_bytes() - memory < 120 * MB
    assert server.written_bytes() - disk < 2 * MB
    assert free - free_bytes(server.folder) < 500 * MB, "others use this disk too"
    assert not StudentPhoto.objects.exists()
    assert requests.get(f"{server.url}/healthz", timeout=10).status_code == 200
    (line,) = [line for line in server.log_lines if line.get("message", "").startswith("POST")]
    assert line["status"] == 413


@pytest.mark.parametrize("chunked", [False, True], ids=["announced", "chunked"])
def test_whoever_listens_gets_the_413_long_before_the_end(
    server: Service, token: str, ada: Student, chunked: bool
) -> None:
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {TEN_GB}"
    with server.connect() as connection:
        path = f"/api/students/{ada.pk}/upload-photo/"
        connection.sendall(head(path, token, "Content-Type: multipart/form-data; boundary=b", length))
        pieces = [begin_form(), *([PIECE] * 88)] if chunked else [begin_form()]
        for piece in pieces:
            connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
        status, headers, body = answer_in(connection)
    assert status == 413
    assert headers["content-type"] == "application/problem+json"
    assert json.loads(body)["detail"] == "The file is too large. The limit is 20 MB."


@pytest.mark.parametrize(
    "path", ["/api/auth/login/", "/api/students/1/photo/", "/nowhere", "/api/docs/", "/"]
)
def test_no_route_reads_ten_gigabytes(server: Service, token: str, path: str) -> None:
    with server.connect() as connection:
        connection.sendall(head(path, token, "Content-Type: application/json", f"Content-Length: {TEN_GB}"))
        status, _headers, _body = answer_in(connection)
    assert status == 413


def test_25_mb_sent_by_a_library_see_their_413_and_no_reset(
    server: Service, auth: dict[str, str], ada: Student
) -> None:
    url = f"{server.url}/api/students/{ada.pk}/upload-photo/"
    for _attempt in range(5):
        files = {"profile_photo": ("a.jpg", bytes(25 * MB))}
        answer = requests.post(url, headers=auth, files=files, timeout=60)
        assert answer.status_code == 413
        assert answer.json()["code"] == "file_too_large"


def test_25_mb_in_chunks_see_their_413_too(server: Service, auth: dict[str, str], ada: Student) -> None:
    def body() -> Iterator[bytes]:
        yield begin_form()
        for _piece in range(100):
            yield PIECE
        yield b"\r\n--b--\r\n"

    answer = requests.post(
        f"{server.url}/api/students/{ada.pk}/upload-photo/",
        headers=auth | {"Content-Type": "multipart/form-data; boundary=b"},
        data=body(),
        timeout=60,
    )
    assert answer.status_code == 413
    assert answer.json()["code"] == "file_too_large"


# --- bodies that are fine ---------------------------------------------------------------------------


def test_a_photo_in_chunks_is_taken(server: Service, auth: dict[str, str], ada: Student) -> None:
    data = begin_form("ada.jpg") + face(1) + b"\r\n--b--\r\n"
    answer = requests.post(
        f"{server.url}/api/students/{ada.pk}/upload-photo/",
        headers=auth | {"Content-Type": "multipart/form-data; boundary=b"},
        data=(data[at : at + 1000] for at in range(0, len(data), 1000)),
        timeout=60,
    )
    assert answer.status_code == 200, answer.text
    served = requests.get(answer.json()["profile_photo_url"], timeout=60)
    assert served.status_code == 200
    assert served.content.startswith(b"\xff\xd8\xff")
    assert served.headers["Content-Length"] == str(len(served.content))


def test_json_in_chunks_is_taken(server: Service, auth: dict[str, str]) -> None:
    answer = requests.post(
        f"{server.url}/api/students/",
        headers=auth | {"Content-Type": "application/json"},
        data=iter([b'{"name":', b' "Ada"}']),
        timeout=60,
    )
    assert answer.status_code == 201, server.log
    assert Student.objects.get().name == "Ada"


def test_a_connection_goes_on_after_refusals(server: Service, auth: dict[str, str], ada: Student) -> None:
    session = requests.Session()
    url = f"{server.url}/api/students/{ada.pk}/upload-photo/"
    for _attempt in range(3):
        bad = session.post(
            url, headers=auth, files={"profile_photo": ("a.jpg", b"no picture" * 1000)}, timeout=60
        )
        assert bad.status_code == 400
        anonymous = session.post(url, files={"profile_photo": ("a.jpg", face(1))}, timeout=60)
        assert anonymous.status_code == 401
        absent = session.post(f"{server.url}/nowhere", data=b"x" * 100_000, timeout=60)
        assert absent.status_code == 404
    good = session.post(url, headers=auth, files={"profile_photo": ("a.jpg", face(1))}, timeout=60)
    assert (good.status_code, good.json()["photo_changed"]) == (200, True)


def test_the_same_connection_serves_the_next_request_after_an_unread_body(
    server: Service, token: str, ada: Student
) -> None:
    """What was not read of a refused body must never be taken for the next request."""
    smuggled = b"GET /api/students/ HTTP/1.1\r\nHost: x\r\n\r\n" * 50
    with server.connect() as connection:
        connection.sendall(
            head(f"/api/students/{ada.pk}/upload-photo/", "wrong", f"Content-Length: {len(smuggled)}")
            + smuggled
        )
        status, headers, _body = answer_in(connection)
        assert status == 401
        if headers.get("connection", "").lower() != "close":
            connection.sendall(head("/healthz", token, method="GET"))
            status, _headers, body = answer_in(connection)
            assert (status, json.loads(body)) == (200, {"status": "ok"})


def test_expect_100_continue_is_answered_before_the_body(server: Service, token: str, ada: Student) -> None:
    body = begin_form() + face(1) + b"\r\n--b--\r\n"
    with server.connect() as connection:
        connection.sendall(
            head(
                f"/api/students/{ada.pk}/upload-photo/",
                token,
                "Content-Type: multipart/form-data; boundary=b",
                f"Content-Length: {len(body)}",
                "Expect: 100-continue",
            )
        )
        assert connection.recv(1024).startswith(b"HTTP/1.1 100")
        connection.sendall(body)
        status, _headers, answer = answer_in(connection)
    assert (status, json.loads(answer)["photo_changed"]) == (200, True)


@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Length: -1",),
        ("Content-Length: x",),
        ("Content-Length: 5", "Content-Length: 6"),
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: gzip, chunked, gzip",),
        ("Transfer-Encoding: \x0bchunked",),
    ],
    ids=repr,
)
def test_an_ambiguous_length_is_refused_and_the_connection_ends(
    server: Service, token: str, lines: tuple[str, ...]
) -> None:
    with server.connect(5) as connection:
        connection.sendall(
            head("/api/students/", token, "Content-Type: application/json", *lines) + b"0\r\n\r\n"
        )
        answer = connection.recv(65536)
        assert re.match(rb"HTTP/1\.[01] (400|501)", answer), answer[:200]
        assert b"Traceback" not in answer


def test_a_client_that_goes_away_in_the_middle_leaves_nothing(
    server: Service, auth: dict[str, str], token: str, ada: Student
) -> None:
    with server.connect() as connection:
        connection.sendall(
            head(
                f"/api/students/{ada.pk}/upload-photo/",
                token,
                "Content-Type: multipart/form-data; boundary=b",
                "Content-Length: 1000000",
            )
            + begin_form()
            + face(1)
        )
    assert requests.get(f"{server.url}/api/students/", headers=auth, timeout=60).status_code == 200
    assert not StudentPhoto.objects.exists()
    assert "Traceback" not in server.log


# --- health, figures, logs --------------------------------------------------------------------------


def test_healthz_and_readyz(server: Service, ada: Student, auth: dict[str, str]) -> None:
    assert requests.get(f"{server.url}/healthz", timeout=10).json() == {"status": "ok"}
    files = {"profile_photo": ("a.jpg", face(1))}
    requests.post(f"{server.url}/api/students/{ada.pk}/upload-photo/", headers=auth, files=files, timeout=60)
    ready = requests.get(f"{server.url}/readyz", timeout=10)
    assert ready.status_code == 200
    assert ready.json() == {"status": "ok", "database": "ok", "storage": "ok"}


def test_readyz_names_a_storage_that_became_unavailable(
    server: Service, ada: Student, auth: dict[str, str]
) -> None:
    files = {"profile_photo": ("a.jpg", face(1))}
    requests.post(f"{server.url}/api/students/{ada.pk}/upload-photo/", headers=auth, files=files, timeout=60)
    (server.folder / "media").rename(server.folder / "unplugged")
    ready = requests.get(f"{server.url}/readyz", timeout=10)
    assert ready.status_code == 503
    assert ready.json() == {"status": "unavailable", "database": "ok", "storage": "unavailable"}
    photo = {"profile_photo": ("b.jpg", face(2))}
    answer = requests.post(
        f"{server.url}/api/students/{ada.pk}/upload-photo/", headers=auth, files=photo, timeout=60
    )
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    (server.folder / "unplugged").rename(server.folder / "media")
    assert requests.get(f"{server.url}/readyz", timeout=10).status_code == 200
    photo = {"profile_photo": ("b.jpg", face(2))}
    answer = requests.post(
        f"{server.url}/api/students/{ada.pk}/upload-photo/", headers=auth, files=photo, timeout=60
    )
    assert answer.status_code == 200


def refused_so_far(server: Service) -> int:
    """GETs of addresses that nothing answers to."""
    answer = requests.get(f"{server.url}/metrics", headers={"Authorization": "Bearer scrape-me"}, timeout=10)
    refused = r'photokeep_http_requests_total\{method="GET",route="\(none\)",status="404"\} (\d+)'
    counted = re.search(refused, answer.text)
    return int(counted[1]) if counted else 0


def test_figures_are_for_the_scraper_and_add_up_over_all_workers(server: Service) -> None:
    before = refused_so_far(server)
    for _request in range(12):
        assert requests.get(f"{server.url}/nowhere", timeout=10).status_code == 404
    assert requests.get(f"{server.url}/metrics", timeout=10).status_code == 404
    wrong = {"Authorization": "Bearer scrape-me-not"}
    assert requests.get(f"{server.url}/metrics", headers=wrong, timeout=10).status_code == 404
    answer = requests.get(f"{server.url}/metrics", headers={"Authorization": "Bearer scrape-me"}, timeout=10)
    assert answer.status_code == 200
    assert refused_so_far(server) - before == 12
    assert "photokeep_pending_removals 0.0" in answer.text
    assert "photokeep_stale_exports 0.0" in answer.text


def test_every_answer_has_a_request_id_and_every_request_a_json_line(server: Service) -> None:
    answer = requests.get(
        f"{server.url}/nowhere?secret=1", headers={"X-Request-ID": "from-the-proxy-1"}, timeout=10
    )
    assert answer.headers["X-Request-ID"] == "from-the-proxy-1"
    made_up = requests.get(f"{server.url}/nowhere", headers={"X-Request-ID": "no good\t{}"}, timeout=10)
    assert re.fullmatch("[0-9a-f]{32}", made_up.headers["X-Request-ID"])
    lines = [line for line in server.log_lines if line["logger"] == "photokeep.request"]
    assert [line["request_id"] for line in lines] == ["from-the-proxy-1", made_up.headers["X-Request-ID"]]
    assert lines[0]["status"] == 404
    assert lines[0]["message"] == "GET /nowhere"
    assert lines[0]["milliseconds"] >= 0
    assert "secret" not in server.log
    assert all(line.startswith("{") for line in server.log.splitlines() if line.strip()), server.log
