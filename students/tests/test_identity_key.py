"""The key beside the backups: made with the first photo, and never silently beside an unmounted disk."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured

from photostore.secrets import kept_secret
from photostore.storage import storage_for
from photostore.tests.inventory_files import run
from students import identity
from students.models import Student
from students.tests.school import enrol, everything, face, file_of, hand_in


def unmount() -> None:
    """An empty folder where the disk was, and a process that has just started."""
    folder = Path(configured.PHOTO_BACKUP_DIR)
    folder.rename(folder.with_name("elsewhere"))
    folder.mkdir()
    restart()


def mount() -> None:
    folder = Path(configured.PHOTO_BACKUP_DIR)
    shutil.rmtree(folder)
    folder.with_name("elsewhere").rename(folder)
    restart()


def restart() -> None:
    kept_secret.cache_clear()
    identity._kept.cache_clear()


def test_a_new_service_makes_its_key_with_the_first_photo(api: Any) -> None:
    assert not identity.key_file().exists()
    enrol(api, "Ada Lovelace", photo=face(1))
    assert identity.key_file().stat().st_mode & 0o777 == 0o600
    assert identity.key_file().parent.stat().st_mode & 0o777 == 0o700


def test_pictures_of_other_apps_do_not_stand_in_the_way(api: Any) -> None:
    from photostore.tests.inventory_files import keep

    keep("profile_pictures/1/a.jpg", b"somebody")
    enrol(api, "Ada Lovelace", photo=face(1))
    assert identity.key_file().exists()


def test_an_unmounted_disk_gets_no_new_key(api: Any, ada: dict[str, Any], each_storage: str) -> None:
    unmount()
    before = everything()
    answer = hand_in(api, ada["id"], face(2))
    assert answer.status_code == 503
    assert answer.json()["code"] == "identity_key_missing"
    assert "PHOTO_IDENTITY_KEYS" in answer.json()["detail"]
    assert not identity.key_file().exists()
    assert everything() == before
    mount()
    assert hand_in(api, ada["id"], face(2)).status_code == 200


def test_a_photo_was_made_with_a_key_and_asks_for_it(api: Any) -> None:
    enrol(api, "Ada", photo=face(1))
    unmount()
    answer = api.post(
        "/api/students/", {"name": "Grace", "profile_photo": file_of(face(2))}, format="multipart"
    )
    assert answer.status_code == 503
    assert Student.objects.count() == 1


@pytest.mark.parametrize(
    "command",
    [
        ["create_seed_backup"],
        ["verify_media", "--checksum"],
        ["migrate_orphaned_photos", "--migrate"],
    ],
)
def test_commands_refuse_with_the_sentence(ada: dict[str, Any], command: list[str]) -> None:
    unmount()
    if "--migrate" in command:
        photo = storage_for().read(ada["profile_photo"], max_bytes=2**26)
        storage_for().put("student_photos/copy.jpg", photo, content_type="image/jpeg")
    code, said = run(*command)
    assert (code, said["code"]) == (2, "identity_key_missing")
    assert "start_identity_key" in said["error"]
    assert not identity.key_file().exists()


def test_looking_needs_no_key(api: Any, ada: dict[str, Any]) -> None:
    unmount()
    assert api.get(f"/api/students/{ada['id']}/").status_code == 200
    assert run("verify_media")[0] == 0


def test_a_key_in_the_settings_will_do(api: Any, ada: dict[str, Any], settings: Any) -> None:
    unmount()
    settings.PHOTO_IDENTITY_KEYS = ["given"]
    assert hand_in(api, ada["id"], face(2)).status_code == 200


def test_a_new_key_is_started_by_a_person_only_and_once(api: Any, ada: dict[str, Any], settings: Any) -> None:
    assert run("start_identity_key")[0] == 2, "there is one"
    unmount()
    code, said = run("start_identity_key")
    assert (code, said["key_file"]) == (0, str(identity.key_file()))
    assert run("start_identity_key")[0] == 2
    assert hand_in(api, ada["id"], face(2)).status_code == 200
    settings.PHOTO_IDENTITY_KEYS = ["given"]
    assert run("start_identity_key")[0] == 2
