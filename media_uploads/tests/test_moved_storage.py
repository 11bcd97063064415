"""Uploads that were open when the storage moved from a bucket to a disk, or back: over, and swept in time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from media_uploads.models import DirectUpload
from media_uploads.tests.announced import TUS, announce, complete, patch, path_of, sent
from media_uploads.tests.handing_in import persona_of, picture
from photostore.storage import storage_for
from photostore.tests.inventory_files import run

pytestmark = pytest.mark.django_db(transaction=True)
MB = 1_048_576


class House:
    def __init__(self, settings: Any, bucket: dict[str, Any]) -> None:
        self._settings, self._disk, self._bucket = settings, settings.STORAGES["default"], bucket

    def moves_to(self, place: str) -> None:
        alias = self._bucket if place == "bucket" else self._disk
        self._settings.STORAGES = self._settings.STORAGES | {"default": alias, "safe": alias}
        storage_for().prepare()


@pytest.fixture
def house(settings: Any, own_storage: None, s3_alias: dict[str, Any]) -> House:
    return House(settings, s3_alias)


@pytest.fixture
def persona(dana: Any) -> Any:
    return persona_of(dana)


MOVES = [("bucket", "disk"), ("disk", "bucket")]


@pytest.mark.parametrize(("before", "after"), MOVES)
def test_what_was_open_is_found_no_more(
    danas: Any, persona: Any, house: House, before: str, after: str
) -> None:
    house.moves_to(before)
    done = sent(danas, persona, picture(1))
    assert complete(danas, done).status_code == 201
    uploads = [announce(danas, persona, b"x" * 100).json()]
    uploads += [announce(danas, persona, bytes(20 * MB), "a.mp4").json(), sent(danas, persona, picture(2))]
    house.moves_to(after)
    for upload in uploads:
        place = path_of(upload)
        answers = {
            "get": danas.get(place),
            "head": danas.head(place, **TUS),
            "patch": patch(danas, place, b"x", 0),
            "complete": complete(danas, upload),
            "delete": danas.delete(place),
        }
        assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(answers, 404)
    assert danas.get(path_of(done)).json()["state"] == "completed"
    assert danas.delete(path_of(done)).status_code == 409
    assert complete(danas, sent(danas, persona, picture(3))).status_code == 201


@pytest.mark.parametrize("by", ["channel", "command"])
@pytest.mark.parametrize(("before", "after"), MOVES)
def test_what_was_open_is_swept(
    danas: Any, persona: Any, house: House, before: str, after: str, by: str
) -> None:
    house.moves_to(before)
    assert announce(danas, persona, bytes(20 * MB), "a.mp4").status_code == 201
    assert announce(danas, persona, b"x").status_code == 201
    house.moves_to(after)
    DirectUpload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    if by == "command":
        assert run("cleanup_media_uploads")[1]["removed"] == 2
    else:
        assert announce(danas, persona, b"x").status_code == 201
    assert not DirectUpload.objects.expired().exists()
