"""What one person may keep: 413 with the sentence why, also for the last place."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from media_uploads.models import UserImage
from media_uploads.tests.images.handing_in import (
    at,
    at_once,
    check_consistent,
    everything,
    face,
    hand_in,
    kept,
)
from photostore.models import AuditEntry
from testing.people import client_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_number(danas: Any, settings: Any) -> None:
    settings.USER_QUOTA_FILES = 2
    first, _second = kept(danas, 1), kept(danas, 2)
    before = everything()
    answer = hand_in(danas, face(3))
    assert (answer.status_code, answer.json()["code"]) == (413, "quota_exceeded")
    assert answer.json()["error"] == "You may keep 2 files, and you have reached this limit."
    assert everything() == before
    assert AuditEntry.objects.get(outcome="refused").code == "quota_exceeded"
    danas.delete(at(first, "delete"))
    kept(danas, 3)


def test_the_bytes(danas: Any, eriks: Any, settings: Any) -> None:
    size = kept(danas, 1)["size_bytes"]
    settings.USER_QUOTA_BYTES = size + 100
    before = everything()
    assert hand_in(danas, face(2)).status_code == 413
    assert everything() == before
    assert hand_in(eriks, b"none").status_code == 415, "somebody else has room"


def test_whoever_hands_in_for_somebody_fills_that_persons_place(
    danas: Any, gitas: Any, settings: Any
) -> None:
    settings.USER_QUOTA_FILES = 1
    kept(gitas, 1, username="dana")
    assert hand_in(danas, face(2)).status_code == 413
    kept(gitas, 3)


@pytest.mark.s3
def test_a_race_for_the_last_places_leaves_nothing_behind(
    dana: Any, settings: Any, each_storage: str
) -> None:
    settings.USER_QUOTA_FILES = 3
    answers = at_once(*(partial(hand_in, client_of(dana), is_primary="true") for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [413] * 5
    assert UserImage.objects.count() == 3
    check_consistent()
