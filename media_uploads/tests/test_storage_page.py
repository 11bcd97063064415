"""The storage page in the admin: what it shows, to whom, and in how many queries."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from media_uploads.models import Usage
from media_uploads.storage_usage import usage_shares
from media_uploads.tests.announced import announce
from media_uploads.tests.handing_in import keep, persona_of, picture
from photostore.models import AuditEntry, StoredFile
from testing.browser import both_windows, screenshot
from testing.people import DISK, make_person
from testing.videos import video

PAGE = "/admin/media_uploads/usage/"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def full(dana: Any, danas: Any) -> Any:
    """An image, a video, an upload under way, a refusal."""
    persona = persona_of(dana)
    keep(persona, picture())
    keep(persona, video("mp4"), "goal.mp4")
    announce(danas, persona, bytes(1000))
    announce(danas, persona, bytes(1000), "a.exe")
    return persona


def staff(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="profile_pictures.backends.ThrottledModelBackend")
    return client


def test_every_byte_is_in_one_pile(full: Any) -> None:
    found = {str(share.title): share for share in usage_shares()}
    assert {"Media files: images", "Media files: videos", "Thumbnails"} < set(found)
    assert found["Uploads in progress"].byte_size == 1000
    registered = sum(StoredFile.objects.values_list("byte_size", flat=True))
    assert sum(share.byte_size for share in found.values()) == registered + 1000
    assert round(sum(share.percent for share in found.values())) == 100


def test_it_shows_kinds_people_and_days(full: Any) -> None:
    page = staff(make_person("vera", "view_usage", is_staff=True)).get(PAGE).content.decode()
    for text in ("Media files: videos", "dana", "in all", "Storage"):
        assert text in page
    assert page.count('class="charts-refused"') == 1
    assert AuditEntry.objects.filter(action="media.upload").count() == 2


@pytest.mark.parametrize("user", ["staff without the permission", "nobody's staff"])
def test_it_is_for_staff_with_the_permission(user: str) -> None:
    person = make_person("bob", *(["view_usage"] if "nobody" in user else []), is_staff="nobody" not in user)
    assert staff(person).get(PAGE).status_code == (403 if person.is_staff else 302)


def test_it_asks_as_often_for_one_as_for_a_thousand(full: Any) -> None:
    client = staff(make_person("vera", "view_usage", is_staff=True))

    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(PAGE).status_code == 200
        return len(queries)

    asked()
    few = asked()
    people = get_user_model().objects.bulk_create(
        [get_user_model()(username=f"person{number}") for number in range(100)]
    )
    Usage.objects.bulk_create([Usage(user=one, files=1, bytes=number) for number, one in enumerate(people)])
    assert asked() == few


@pytest.mark.browser
@both_windows
def test_it_fits_its_window(
    served: Any, settings: Any, page: Any, dana: Any, danas: Any, window: Any
) -> None:
    place = {"BACKEND": DISK, "OPTIONS": {"location": served.folder / "media"}}
    settings.STORAGES = settings.STORAGES | {"default": place}
    keep(persona_of(dana), video("mp4"), "goal.mp4")
    client = staff(make_person("vera", "view_usage", is_staff=True))
    cookie = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": served.url}])
    page.goto(PAGE)
    assert page.get_by_text("Media files: videos").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing to scroll sideways"
    screenshot(page, "storage")
