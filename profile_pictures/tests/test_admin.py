"""Profile pictures in the admin: looking, approving, rejecting, deleting; and the chart above the list."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from photostore.models import AuditEntry
from profile_pictures.models import ProfilePictureUpload, User
from profile_pictures.tests.handing_in import (
    check_consistent,
    confirmed,
    everything,
    expire,
    hand_in,
    pending,
    say_yes,
    stored,
)
from testing.people import make_person

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/admin/profile_pictures/profilepictureupload/"


def signed_in(name: str, *verbs: str) -> Client:
    client = Client()
    permissions = [f"{verb}_profilepictureupload" for verb in verbs]
    client.force_login(make_person(name, *permissions, is_staff=True))
    return client


@pytest.fixture
def staff(db: None) -> Client:
    return signed_in("dora", "view", "change", "delete")


def step(staff: Client, action: str, *ids: int) -> str:
    answer = staff.post(LIST, {"action": action, "_selected_action": ids}, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_list_shows_thumbnails_states_and_the_chart(staff: Client, danas: Any, eriks: Any) -> None:
    confirmed(danas, 1), confirmed(danas, 2), pending(danas, 3)
    expire(pending(eriks, 4)["id"])
    hand_in(danas, b"no picture")
    say_yes(danas, 4711)
    page = staff.get(LIST).content.decode()
    assert len(re.findall(r'class="pictures-face" src="http://testserver/media/derived/', page)) == 4
    assert "4 succeeded, 1 failed" in page
    assert "2 succeeded, 1 failed" in page
    assert page.count("<svg viewBox") == 2
    assert page.count('class="charts-done"') == 2
    assert "Remove 1 expired picture" in page


@pytest.mark.parametrize(("state", "names"), [("pending", 1), ("expired", 1), ("current", 1), ("earlier", 2)])
def test_filters(staff: Client, danas: Any, eriks: Any, state: str, names: int) -> None:
    confirmed(danas, 1), confirmed(danas, 2), confirmed(danas, 5), pending(danas, 3)
    expire(pending(eriks, 4)["id"])
    page = staff.get(f"{LIST}?state={state}").content.decode()
    assert page.count('class="pictures-face"') == names


def test_one_picture_in_large(staff: Client, danas: Any) -> None:
    upload = pending(danas)
    page = staff.get(f"{LIST}{upload['id']}/change/").content.decode()
    assert "pictures-large" in page
    assert "dana" in page
    assert 'name="_save"' not in page, "there is nothing to save, and saving would write old values"
    before = everything()
    assert staff.post(f"{LIST}{upload['id']}/change/", {"_save": "Save"}).status_code == 403
    assert everything() == before
    assert staff.get(f"{LIST}add/").status_code == 403


def test_approving_and_rejecting(staff: Client, danas: Any, eriks: Any, dana: User) -> None:
    old, good, bad = confirmed(danas, 1), pending(danas, 2), pending(eriks, 3)
    assert "1 picture approved." in step(staff, "approve", good["id"])
    assert "1 picture rejected." in step(staff, "reject", bad["id"])
    dana.refresh_from_db()
    assert dana.profile_picture.name == ProfilePictureUpload.objects.get(pk=good["id"]).image.name
    assert not ProfilePictureUpload.objects.filter(pk=bad["id"]).exists()
    check_consistent()
    rows = AuditEntry.objects.filter(channel="admin", outcome="done")
    assert [(row.action, row.actor_name) for row in rows.order_by("pk")] == [
        ("picture.confirm", "dora"),
        ("picture.drop", "dora"),
    ]
    before = everything()
    assert "cannot be deleted here" in step(staff, "reject", old["id"])
    assert "already confirmed" in step(staff, "approve", old["id"])
    assert everything() == before
    assert AuditEntry.objects.filter(channel="admin", outcome="refused").count() == 2


def test_deleting_todays_picture_leaves_none(staff: Client, danas: Any, dana: User) -> None:
    upload = confirmed(danas)
    staff.post(f"{LIST}{upload['id']}/delete/", {"post": "yes"})
    dana.refresh_from_db()
    assert not dana.profile_picture
    assert stored() == {}
    check_consistent()


def test_cleaning_up(staff: Client, danas: Any) -> None:
    expire(pending(danas)["id"])
    assert staff.get(f"{LIST}clean-up/").status_code == 405
    answer = staff.post(f"{LIST}clean-up/", follow=True)
    assert "1 expired picture removed." in answer.content.decode()
    assert stored() == {}


def test_whoever_may_only_look_does_nothing(danas: Any) -> None:
    upload, late = pending(danas, 1), pending(danas, 2)
    expire(late["id"])
    looker = signed_in("vera", "view")
    before = everything()
    assert looker.get(LIST).status_code == 200
    for action in ("approve", "reject"):
        step(looker, action, upload["id"])
    assert looker.post(f"{LIST}clean-up/").status_code == 403
    assert looker.post(f"{LIST}{upload['id']}/delete/", {"post": "yes"}).status_code == 403
    assert everything() == before
    assert signed_in("bob").get(LIST).status_code == 403


def test_deleting_people_removes_their_pictures(danas: Any, eriks: Any, dana: User, erik: User) -> None:
    confirmed(danas, 1), pending(danas, 2), confirmed(eriks, 3)
    client = Client()
    client.force_login(make_person("root", is_staff=True, is_superuser=True))
    answer = client.post(f"/admin/profile_pictures/user/{dana.pk}/delete/", {"post": "yes"})
    assert answer.status_code == 302
    check_consistent()
    assert len(stored(prefix="profile_pictures/")) == 1
    everybody = {"action": "delete_selected", "_selected_action": [erik.pk], "post": "yes"}
    assert client.post("/admin/profile_pictures/user/", everybody).status_code == 302
    assert not User.objects.filter(username__in=["dana", "erik"]).exists()
    assert stored() == {}
    check_consistent()
