"""A link is of one version and one purpose; whoever holds one cannot make another of it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.test import Client

from photostore.delivery.links import LinkMaker
from photostore.tests.owned_files import DOCUMENTED, make_public
from testing.people import body_of

pytestmark = pytest.mark.django_db


def changed(url: str, **values: Any) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{urlencode(dict(parse_qsl(parts.query)) | values)}"


def test_a_link_to_the_photo_before_is_none_to_todays(client: Client) -> None:
    before = make_public(b"before")
    link = LinkMaker("").live(DOCUMENTED, sha256=before.original.sha256, version_key=before.original.key)
    assert body_of(client.get(link)) == b"before"
    today = make_public(b"today")
    assert client.get(changed(link, v=today.original.sha256[:16])).status_code == 404


def test_a_live_link_is_none_to_the_history(client: Client) -> None:
    before = make_public(b"before").original
    link = LinkMaker("").live(before.key, sha256=before.sha256, version_key=before.key)
    make_public(b"today")
    assert client.get(changed(link, p="history")).status_code == 404


@pytest.mark.parametrize("length", [0, 1, 15])
def test_a_link_of_no_whole_version_opens_nothing(client: Client, length: int) -> None:
    """A true signature of ours over half a version would open every version that begins so."""
    made = make_public(b"today").original
    link = LinkMaker("").live(made.key, sha256=made.sha256[:length], version_key=made.key)
    assert client.get(link).status_code == 404
