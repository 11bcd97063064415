"""Direct uploads against the real gunicorn: memory, broken lines, and workers killed while completing."""

from __future__ import annotations

import os
import random
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import requests
from knox.models import AuthToken

from media_uploads.models import DirectUpload, MediaFile
from media_uploads.tests.handing_in import persona_of, picture, stored
from photostore.register.after_commit import finish_all_commits
from testing.people import DISK
from testing.service import Service, live_server

pytestmark = pytest.mark.django_db(transaction=True)
MB = 1_048_576


@pytest.fixture(scope="module")
def running(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    with django_db_blocker.unblock(), live_server(tmp_path_factory.mktemp("live")) as server:
        yield server


@pytest.fixture
def server(running: Service, settings: Any, dana: Any) -> Service:
    place = {"BACKEND": DISK, "OPTIONS": {"location": running.folder / "media"}}
    settings.STORAGES = settings.STORAGES | {"default": place}
    running.forget()
    return running


@pytest.fixture
def auth(dana: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {AuthToken.objects.create(dana)[1]}"}


def announced(server: Service, auth: dict[str, str], dana: Any, size: int, name: str) -> str:
    said = {"filename": name, "size": size}
    persona = persona_of(dana)
    answer = requests.post(f"{server.url}/media/uploads/{persona.pk}", json=said, headers=auth, timeout=30)
    assert answer.status_code == 201, answer.text
    assert answer.json()["url"].startswith(f"{server.url}/media/uploads/")
    return str(answer.json()["url"])


def chunk(auth: dict[str, str], offset: int) -> dict[str, str]:
    return {
        **auth,
        "Tus-Resumable": "1.0.0",
        "Upload-Offset": str(offset),
        "Content-Type": "application/offset+octet-stream",
    }


def offset(place: str, auth: dict[str, str]) -> int:
    head = requests.head(place, headers={**auth, "Tus-Resumable": "1.0.0"}, timeout=30)
    assert head.status_code == 200
    return int(head.headers["Upload-Offset"])


@pytest.mark.parametrize("chunked", [False, True], ids=["announced", "chunked"])
def test_a_hundred_megabytes_pass_through_little_memory(
    server: Service, auth: dict[str, str], dana: Any, chunked: bool
) -> None:
    size, piece = 100 * MB, os.urandom(MB)
    place = announced(server, auth, dana, size, "goal.mp4")
    memory = server.resident_bytes()
    body: Any = (piece for _ in range(100)) if chunked else Repeated(piece, 100)
    answer = requests.patch(place, data=body, headers=chunk(auth, 0), timeout=120)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(size))
    assert server.resident_bytes() - memory < 40 * MB
    assert offset(place, auth) == size


class Repeated:
    """A file of the same piece over and over, whose length is known."""

    def __init__(self, piece: bytes, times: int) -> None:
        self.piece, self.left = piece, times
        self.total = len(piece) * times

    def __len__(self) -> int:
        return self.total

    def read(self, _size: int = -1) -> bytes:
        self.left -= 1
        return self.piece if self.left >= 0 else b""


def test_more_than_was_announced_in_chunks_is_a_413(server: Service, auth: Any, dana: Any) -> None:
    place = announced(server, auth, dana, 1000, "a.jpg")
    body = (bytes(600) for _ in range(2))
    assert requests.patch(place, data=body, headers=chunk(auth, 0), timeout=30).status_code == 413
    assert offset(place, auth) <= 1000


def test_what_came_before_a_broken_connection_is_kept(server: Service, auth: Any, dana: Any) -> None:
    data = picture()
    place = announced(server, auth, dana, len(data), "me.jpg")
    half = len(data) // 2
    lines = [f"PATCH {place.removeprefix(server.url)} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in chunk(auth, 0).items()]
    head = "\r\n".join([*lines, f"Content-Length: {len(data)}", "", ""]).encode()
    with socket.create_connection((server.host, server.port)) as line:
        line.sendall(head + data[:half])
    deadline = time.monotonic() + 20
    while (arrived := offset(place, auth)) == 0 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert arrived == half
    answer = requests.patch(place, data=data[half:], headers=chunk(auth, half), timeout=30)
    assert answer.status_code == 204
    assert requests.post(f"{place}/complete", headers=auth, timeout=60).status_code == 201
    assert MediaFile.objects.count() == 1


@pytest.mark.exhaustive
def test_workers_killed_while_completing_make_one_row(server: Service, auth: Any, dana: Any) -> None:
    """SIGKILL at a random moment of each completion; the same call again gives one row, and loses nothing."""
    chance = random.Random(11)
    for number in range(6):
        data = picture(number, width=1200, height=1600)
        place = announced(server, auth, dana, len(data), "me.jpg")
        assert requests.patch(place, data=data, headers=chunk(auth, 0), timeout=30).status_code == 204
        completing = threading.Thread(target=complete_somehow, args=[place, auth])
        completing.start()
        time.sleep(chance.uniform(0.02, 0.5))
        for pid in server.worker_pids:
            os.kill(pid, signal.SIGKILL)
        completing.join()
        answer = complete_until_answered(place, auth)
        assert answer.status_code in {201, 409}, answer.text
        upload = DirectUpload.objects.get(pk=place.rpartition("/")[2])
        assert upload.completed_at and MediaFile.objects.filter(pk=upload.file_id).exists()
        assert MediaFile.objects.count() == number + 1
    finish_all_commits()
    assert not stored(prefix="incoming/")
    # Bytes of completions that died before their commit are orphans; every row has its own.
    for row in MediaFile.objects.all():
        assert row.key in stored(prefix="uploads/")


def complete_somehow(place: str, auth: dict[str, str]) -> None:
    with suppress(requests.RequestException):
        requests.post(f"{place}/complete", headers=auth, timeout=30)


def complete_until_answered(place: str, auth: dict[str, str]) -> requests.Response:
    """The workers come back within a moment."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return requests.post(f"{place}/complete", headers=auth, timeout=60)
        except requests.RequestException:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
