"""Who may do everything with people's images, but is not staff; and Gita, who is."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from media_uploads.images.intake import next_stamp
from testing.people import client_of, make_person

VERBS = ("view", "add", "change", "delete")


@pytest.fixture
def erik(db: None) -> Any:
    """Somebody else, who has the permissions but is not staff."""
    return make_person("erik", *(f"{verb}_userimage" for verb in VERBS))


@pytest.fixture
def gita(db: None) -> Any:
    return make_person("gita", *(f"{verb}_userimage" for verb in VERBS), is_staff=True)


@pytest.fixture
def gitas(gita: Any) -> APIClient:
    return client_of(gita)


@pytest.fixture
def still_clock(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The clock that names images stands still; the microsecond at which it does."""
    start = next_stamp() + 60_000_000
    monkeypatch.setattr("media_uploads.images.intake.time.time_ns", lambda: start * 1000)
    yield start
    with connection.cursor() as cursor:
        cursor.execute("ALTER SEQUENCE media_uploads_image_stamps RESTART")
