"""Killed, or the storage away: no row without bytes, and the same request again succeeds."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from typing import Any

import pytest

from media_uploads.files.use_cases import delete_file
from media_uploads.models import MediaFile
from media_uploads.tests.handing_in import (
    ACTOR,
    check_consistent,
    everything,
    keep,
    persona_of,
    picture,
    send,
    stored,
)
from photostore.inventory import orphans
from photostore.register.after_commit import finish_all_commits
from photostore.storage import storage_for
from testing.service import HOME, database_url
from testing.videos import video

pytestmark = pytest.mark.django_db(transaction=True)

# Ends the process, as a kill would, when it comes to the function named first.
KILLED = """
import io, os, sys
from unittest.mock import patch
import django
django.setup()
from photostore.audit import Actor
from media_uploads.models import MediaFile, Persona
from media_uploads.files.use_cases import delete_file, keep_file
from testing.videos import video
where, persona = sys.argv[1], Persona.objects.get()
actor = Actor("", "", "api")
with patch(where, side_effect=lambda *args, **kwargs: os._exit(9)):
    for row in MediaFile.objects.all():
        delete_file(user=persona.user, file_id=row.pk, actor=actor)
    file = io.BytesIO(video("mp4"))
    keep_file(
        user=persona.user, persona_id=persona.pk, file=file, filename="a.mp4", description="", actor=actor
    )
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


def killed_at(where: str, environment: dict[str, str]) -> None:
    command = [sys.executable, "-c", KILLED, where]
    done = subprocess.run(command, cwd=HOME, env=environment, capture_output=True, check=False, timeout=120)
    assert done.returncode == 9, done.stderr.decode()


@pytest.mark.parametrize(
    "where", ["media_uploads.files.use_cases.claim_room", "media_uploads.files.use_cases.record"]
)
def test_killed_before_the_commit(dana: Any, environment: dict[str, str], where: str) -> None:
    persona = persona_of(dana)
    storage_for().prepare()
    killed_at(where, environment)
    assert not MediaFile.objects.exists()
    left = [file.key for file in orphans()]
    assert len(left) == 4, "for the sweep to find"
    for key in left:
        storage_for().remove(key)
    keep(persona, video("mp4"), "a.mp4")
    check_consistent()


@pytest.mark.s3
def test_killed_between_the_deletion_and_the_removal(dana: Any, environment: dict[str, str]) -> None:
    keep(persona_of(dana), picture(1))
    killed_at("media_uploads.files.use_cases.drain", environment)
    assert not MediaFile.objects.exists()
    assert len(stored()) == 4, "its bytes wait in the outbox"
    finish_all_commits()
    assert stored() == {}
    check_consistent()


def test_with_s3_down(danas: Any, dana: Any, s3_server: Any, s3_alias: dict[str, Any], settings: Any) -> None:
    quick = {"connect_timeout_seconds": 1, "read_timeout_seconds": 1, "max_attempts": 1}
    alias = s3_alias | {"OPTIONS": s3_alias["OPTIONS"] | quick}
    settings.STORAGES = settings.STORAGES | {"default": alias}
    persona = persona_of(dana)
    file, other = keep(persona, video("mp4"), "a.mp4"), keep(persona, picture(2))
    before = everything()
    s3_server.stop()
    try:
        answers = [send(danas, persona.pk, picture(1)), danas.get(f"/media/download/{file.pk}")]
        assert danas.get("/media/files").status_code == 200
        delete_file(user=dana, file_id=other.pk, actor=ACTOR)
    finally:
        s3_server.start()
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {
        (503, "storage_unavailable")
    }
    assert MediaFile.objects.get() == file
    finish_all_commits()
    check_consistent()
    assert set(stored()) < set(before["files"])
    assert send(danas, persona.pk, picture(1)).status_code == 201


def test_a_file_that_breaks_off_while_it_is_read(dana: Any) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError("The disk with the upload is gone.")

    from media_uploads.files.use_cases import keep_file

    persona = persona_of(dana)
    broken = Broken(picture(1))
    with pytest.raises(OSError, match="is gone"):
        keep_file(
            user=dana, persona_id=persona.pk, file=broken, filename="a.jpg", description="", actor=ACTOR
        )
    assert stored() == {}
