"""Killed, full, away: the old picture stays, and the same request again succeeds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings

from photostore.errors import StorageFull, StorageUnavailable
from photostore.inventory import orphans
from photostore.models import AuditEntry
from photostore.register.after_commit import finish_all_commits
from photostore.storage import storage_for
from profile_pictures.models import ProfilePictureUpload, User
from profile_pictures.tests.handing_in import (
    check_consistent,
    confirmed,
    everything,
    face,
    hand_in,
    pending,
    say_yes,
    stored,
)
from testing.service import HOME, database_url

pytestmark = pytest.mark.django_db(transaction=True)

# Ends the process, as a kill would, when it comes to the function named first.
KILLED = """
import os, sys
from unittest.mock import patch
import django
django.setup()
from photostore.audit import Actor
from profile_pictures.models import User
from profile_pictures.confirmation import confirm_upload
from profile_pictures.pictures import Crop
where, name, number, size = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
crop = Crop(0, 0, size) if size else None
with patch(where, side_effect=lambda *args, **kwargs: os._exit(9)):
    person = User.objects.get(username=name)
    confirm_upload(user=person, upload_id=number, actor=Actor("", "", "api"), crop=crop)
"""


@pytest.fixture
def environment(request: pytest.FixtureRequest, each_storage: str, settings: Any) -> dict[str, str]:
    """What another process needs to see the same database and the same files."""
    same = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": database_url(),
        "SECRET_KEY": settings.SECRET_KEY,
        "MEDIA_ROOT": str(settings.MEDIA_ROOT),
    }
    if each_storage == "s3":
        options = request.getfixturevalue("s3_options")
        same |= {
            "AWS_STORAGE_BUCKET_NAME": options["bucket_name"],
            "AWS_ACCESS_KEY_ID": options["access_key"],
            "AWS_SECRET_ACCESS_KEY": options["secret_key"],
            "AWS_S3_REGION_NAME": options["region_name"],
            "AWS_S3_ENDPOINT_URL": options["endpoint_url"],
        }
    return os.environ | same


def killed_at(where: str, environment: dict[str, str], upload: dict[str, Any], size: int = 0) -> None:
    command = [sys.executable, "-c", KILLED, where, "dana", str(upload["id"]), str(size)]
    done = subprocess.run(command, cwd=HOME, env=environment, capture_output=True, check=False, timeout=120)
    assert done.returncode == 9, done.stderr.decode()


@pytest.mark.parametrize("size", [0, 200], ids=["whole", "cropped"])
def test_killed_between_the_copy_and_the_commit(
    danas: Any, dana: User, environment: dict[str, str], size: int
) -> None:
    old, waiting = confirmed(danas, 1), pending(danas, 2)
    rows = everything()["rows"]
    killed_at("profile_pictures.confirmation.show_only", environment, waiting, size)
    assert everything()["rows"] == rows
    dana.refresh_from_db()
    assert dana.profile_picture.name == old["image"]
    left = [file.key for file in orphans()]
    assert len([key for key in left if key.startswith("profile_pictures/")]) == 1, "for the sweep to find"
    crop = {"x": 0, "y": 0, "size": size} if size else None
    assert say_yes(danas, waiting["id"], crop).status_code == 200
    for file in list(orphans()):
        storage_for().remove(file.key)
    check_consistent()


def test_killed_between_the_commit_and_the_removal(
    danas: Any, dana: User, environment: dict[str, str]
) -> None:
    waiting = pending(danas)
    killed_at("profile_pictures.confirmation.drain", environment, waiting)
    dana.refresh_from_db()
    assert dana.profile_picture.name == ProfilePictureUpload.objects.current().get().image.name
    assert say_yes(danas, waiting["id"]).status_code == 404
    assert waiting["image"] in stored(), "the pending file waits in the outbox"
    finish_all_commits()
    check_consistent()


@pytest.mark.parametrize(
    ("method", "crop"),
    [("copy", None), ("read", {"x": 0, "y": 0, "size": 100}), ("put_many", {"x": 0, "y": 0, "size": 100})],
    ids=["copy-whole", "read-cropped", "put-cropped"],
)
@pytest.mark.parametrize(
    ("error", "code"), [(StorageFull, "storage_full"), (StorageUnavailable, "storage_unavailable")]
)
def test_a_storage_that_fails_leaves_the_old_picture(
    danas: Any, monkeypatch: pytest.MonkeyPatch, crop: Any, method: str, error: Any, code: str
) -> None:
    old, waiting = confirmed(danas, 1), pending(danas, 2)
    before = everything()

    def fail(*args: Any, **kwargs: Any) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(f"{django_settings.STORAGES['default']['BACKEND']}.{method}", fail)
        answer = say_yes(danas, waiting["id"], crop)
    assert (answer.status_code, answer.json()["code"]) == (503, code)
    assert answer["Retry-After"]
    assert everything() == before
    assert danas.get("/api/users/dana/profile-picture/").json()["profile_picture"] == old["image"]
    assert AuditEntry.objects.get(action="picture.confirm", outcome="refused").code == code
    assert say_yes(danas, waiting["id"], crop).status_code == 200
    check_consistent()


def test_an_upload_onto_a_full_disk_leaves_nothing(danas: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: Any, **kwargs: Any) -> None:
        raise StorageFull

    with monkeypatch.context() as patched:
        patched.setattr("photostore.storage.disk.DiskStorage.put_many", full)
        answer = hand_in(danas, face(1))
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_full")
    assert not ProfilePictureUpload.objects.exists()
    assert stored() == {}
    assert hand_in(danas, face(1)).status_code == 201


def test_with_s3_down_the_old_picture_stays(
    danas: Any, dana: User, s3_server: Any, s3_alias: dict[str, Any], settings: Any, tmp_path: Path
) -> None:
    quick = {"connect_timeout_seconds": 1, "read_timeout_seconds": 1, "max_attempts": 1}
    quick_alias = s3_alias | {"OPTIONS": s3_alias["OPTIONS"] | quick}
    settings.STORAGES = settings.STORAGES | {"default": quick_alias}
    old, waiting = confirmed(danas, 1), pending(danas, 2)
    s3_server.stop()
    try:
        answers = [
            say_yes(danas, waiting["id"]),
            say_yes(danas, waiting["id"], {"x": 0, "y": 0, "size": 100}),
            hand_in(danas, face(3)),
            danas.post(f"/api/users/profile-picture-uploads/{old['id']}/revert/"),
        ]
    finally:
        s3_server.start()
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {
        (503, "storage_unavailable")
    }
    dana.refresh_from_db()
    assert dana.profile_picture.name == old["image"]
    assert say_yes(danas, waiting["id"]).status_code == 200
    check_consistent()


@pytest.mark.parametrize("size", [0, 200], ids=["whole", "cropped"])
def test_a_refused_confirmation_takes_back_what_it_stored(
    danas: Any, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    upload = pending(danas)
    before = everything()

    def refuse(*_args: Any) -> None:
        raise StorageUnavailable

    monkeypatch.setattr("profile_pictures.confirmation._make_current", refuse)
    crop = {"x": 0, "y": 0, "size": size} if size else None
    assert say_yes(danas, upload["id"], crop).status_code == 503
    assert everything() == before
    assert not list(orphans())
