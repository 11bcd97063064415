"""Two hundred students at once (40 in `make test`), through a real gunicorn: each keeps their own face."""

from __future__ import annotations

import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import local
from typing import Any

import numpy as np
import pytest
import requests
from PIL import Image

from photostore.models import PendingRemoval, StoredFile
from students.identity import read
from students.models import Student, StudentPhoto
from testing.exhaustive import is_exhaustive
from testing.pictures import portrait, saved
from testing.service import Service, live_server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

CHILDREN, CLIENTS = (200 if is_exhaustive() else 40), 16


def face(seed: int) -> bytes:
    return saved(portrait(seed, 120, 160), "PNG" if seed % 5 == 0 else "JPEG")


def pixels(data: bytes) -> Any:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB").resize((24, 32)), np.int16)


def whose(data: bytes, faces: Any) -> int:
    """The seed of the drawn person whom this picture is nearest to."""
    return int(np.abs(faces - pixels(data)).mean(axis=(1, 2, 3)).argmin())


def header(alice: Any) -> dict[str, str]:
    from knox.models import AuthToken

    return {"Authorization": f"Bearer {AuthToken.objects.create(alice)[1]}"}


def test_many_made_at_once_each_keep_their_own_face(tmp_path: Path, alice: Any, settings: Any) -> None:
    sent = [face(seed) for seed in range(CHILDREN)]
    faces = np.stack([pixels(data) for data in sent])
    kept, auth = local(), header(alice)

    def session() -> requests.Session:
        if not hasattr(kept, "session"):
            kept.session = requests.Session()
        return kept.session

    def enrol(server: Service, seed: int) -> tuple[int, dict[str, Any]]:
        # All files have the same name, as from a school's camera.
        name = "photo.png" if seed % 5 == 0 else "photo.jpg"
        answer = session().post(
            f"{server.url}/api/students/",
            headers=auth,
            data={"name": f"Child {seed}", "student_number": f"N-{seed}"},
            files={"profile_photo": (name, sent[seed])},
            timeout=120,
        )
        assert answer.status_code == 201, answer.text
        return seed, answer.json()

    def look(made: dict[str, Any]) -> list[bytes]:
        small = made["thumbnails"]["640"]
        return [session().get(url, timeout=60).content for url in (made["profile_photo_url"], small)]

    with live_server(tmp_path / "live") as server, ThreadPoolExecutor(CLIENTS) as clients:
        made = dict(clients.map(lambda seed: enrol(server, seed), range(CHILDREN)))
        seen = dict(zip(made, clients.map(look, made.values()), strict=True))
        media, safe = server.folder / "media", server.folder / "safe"
        settings.PHOTO_BACKUP_DIR = server.folder / "backups"
        for seed, row in made.items():
            ending = row["profile_photo"].rpartition(".")[2]
            assert row["profile_photo"] == f"student_photos/student_{row['id']}_profile.{ending}"
            served, small = seen[seed]
            on_disk = (media / row["profile_photo"]).read_bytes()
            assert on_disk == served
            assert (safe / f"photos/students/{row['student_id']}/profile.jpg").read_bytes() == served
            assert whose(served, faces) == whose(small, faces) == seed
            identity = read(served)
            assert identity is not None
            assert str(identity.student_id) == row["student_id"]

    assert Student.objects.count() == StudentPhoto.objects.count() == CHILDREN
    assert Student.objects.values("photo_sha256").distinct().count() == CHILDREN
    assert StoredFile.objects.count() == CHILDREN * 6
    assert not StoredFile.objects.filter(written_at=None).exists()
    assert not PendingRemoval.objects.exists()


def test_twenty_uploads_for_one_student_at_once_leave_one_photo_and_every_version(
    tmp_path: Path, alice: Any
) -> None:
    ada, auth = Student.objects.create(name="Ada"), header(alice)
    sent = [face(seed) for seed in range(1, 21)]

    def upload(server: Service, number: int) -> int:
        name = "a.png" if (number + 1) % 5 == 0 else "a.jpg"
        url = f"{server.url}/api/students/{ada.pk}/upload-photo/"
        files = {"profile_photo": (name, sent[number])}
        return requests.post(url, headers=auth, files=files, timeout=120).status_code

    with live_server(tmp_path / "live") as server, ThreadPoolExecutor(20) as clients:
        assert set(clients.map(lambda number: upload(server, number), range(20))) == {200}
        answer = requests.get(f"{server.url}/api/students/{ada.pk}/", headers=auth, timeout=60).json()
        served = requests.get(answer["profile_photo_url"], timeout=60).content
        (documented,) = (server.folder / "media" / "student_photos").iterdir()
        assert documented.read_bytes() == served
        safe = server.folder / "safe" / f"photos/students/{ada.student_id}/profile.jpg"
        assert safe.read_bytes() == served
    assert StudentPhoto.objects.count() == 20
    today = StudentPhoto.objects.get(replaced_at=None)
    ada.refresh_from_db()
    assert today.sha256 == ada.photo_sha256 == hashlib.sha256(served).hexdigest()
    assert today.source_sha256 in {hashlib.sha256(data).hexdigest() for data in sent}


def test_one_number_wanted_by_ten_at_once_goes_to_one(tmp_path: Path, alice: Any) -> None:
    auth = header(alice)

    def enrol(server: Service, number: int) -> requests.Response:
        said = {"name": f"Child {number}", "student_number": "N-1"}
        return requests.post(f"{server.url}/api/students/", headers=auth, json=said, timeout=60)

    with live_server(tmp_path / "live") as server, ThreadPoolExecutor(10) as clients:
        answers = list(clients.map(lambda number: enrol(server, number), range(10)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses[0] == 201
    # A laden machine may be told to try again: PostgreSQL has five seconds to take a connection.
    assert set(statuses[1:]) <= {400, 409, 503}
    refused = [answer.json() for answer in answers if answer.status_code in {400, 409}]
    assert refused
    assert all(body["errors"] == {"student_number": ["Another student has this number."]} for body in refused)
    assert Student.objects.count() == 1
