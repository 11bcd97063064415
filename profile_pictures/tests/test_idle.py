"""A session that nobody uses ends; one that is used goes on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from profile_pictures.idle import LAST_USED

pytestmark = pytest.mark.django_db


def _age(minutes: int) -> None:
    """As if nobody had used the session for so long."""
    row = Session.objects.get()
    said = row.get_decoded()
    said[LAST_USED] -= minutes * 60
    row.session_data = Session.objects.encode(said)
    row.expire_date -= timedelta(minutes=minutes)
    row.save()


@pytest.fixture
def staff(alice: Any) -> Client:
    client = Client()
    client.force_login(alice)
    assert client.get("/admin/").status_code == 200
    return client


def _end() -> datetime:
    return Session.objects.get().expire_date


def test_it_ends_an_hour_after_it_was_used_last(staff: Client) -> None:
    assert _end() <= timezone.now() + timedelta(minutes=60)
    _age(59)
    assert staff.get("/admin/").status_code == 200
    assert _end() > timezone.now() + timedelta(minutes=59)
    _age(61)
    assert staff.get("/admin/").status_code == 302


def test_using_it_again_at_once_writes_nothing(staff: Client) -> None:
    before = _end()
    assert staff.get("/admin/").status_code == 200
    assert _end() == before
