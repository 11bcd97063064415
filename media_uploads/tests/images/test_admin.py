from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from media_uploads.models import UserImage
from media_uploads.tests.images.handing_in import check_consistent, everything, kept, stored
from photostore.models import AuditEntry
from testing.people import make_person

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/admin/media_uploads/userimage/"


def signed_in(name: str, *verbs: str) -> Client:
    client = Client()
    person = make_person(name, *(f"{verb}_userimage" for verb in verbs), is_staff=True)
    client.force_login(person, backend="profile_pictures.backends.ThrottledModelBackend")
    return client


@pytest.fixture
def staff(db: None) -> Client:
    return signed_in("dora", "view", "change", "delete")


def page_of(client: Client, address: str = LIST) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_list_shows_thumbnails_types_and_sizes(staff: Client, danas: Any, eriks: Any) -> None:
    kept(danas, 1, image_type="cover", caption="At sea <b>"), kept(eriks, 2)
    page = page_of(staff)
    assert page.count('class="images-face" src="http://testserver/media/derived/users/') == 2
    assert "At sea &lt;b&gt;" in page
    assert "300 × 400" in page
    assert "KB" in page


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?image_type__exact=cover", 1),
        ("?is_primary__exact=1", 1),
        ("?user=dana", 2),
        ("?user=nobody", 0),
        ("?q=eri", 1),
        ("?q=%00", 0),
    ],
)
def test_filters_and_search(staff: Client, danas: Any, eriks: Any, query: str, names: int) -> None:
    kept(danas, 1, image_type="cover"), kept(danas, 2, is_primary="true"), kept(eriks, 3)
    answer = staff.get(f"{LIST}{query}", follow=True)
    if query != "?q=%00":
        assert answer.status_code == 200
        assert answer.content.decode().count('class="images-face"') == names
    assert answer.status_code < 500


def test_the_list_is_flat_in_its_questions(staff: Client, danas: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    page_of(staff)  # a session writes down that it is used, with its first page
    counts = []
    for more in (1, 4):
        for seed in range(more):
            kept(danas, seed)
        with CaptureQueriesContext(connection) as captured:
            page_of(staff)
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_caption_and_primary_are_changed_by_the_use_cases(staff: Client, danas: Any, dana: Any) -> None:
    first, second = kept(danas, 1, is_primary="true"), kept(danas, 2)
    place = f"{LIST}{second['id']}/change/"
    assert 'name="is_primary"' in page_of(staff, place)
    assert staff.post(place, {"caption": "New", "is_primary": "on"}).status_code == 302
    row = UserImage.objects.get(pk=second["id"])
    assert (row.caption, row.is_primary) == ("New", True)
    assert UserImage.objects.get(is_primary=True).pk == row.pk
    done = AuditEntry.objects.filter(channel="admin", outcome="done").order_by("pk")
    assert [entry.action for entry in done] == ["image.caption", "image.set_primary"]
    assert 'name="is_primary"' not in page_of(staff, place), "once there is one, there is one"
    assert staff.post(place, {"caption": "New"}).status_code == 302
    assert UserImage.objects.get(is_primary=True).pk == row.pk
    long = staff.post(f"{LIST}{first['id']}/change/", {"caption": "x" * 1001})
    assert long.status_code == 200
    check_consistent()


def test_making_many_primary_leaves_one_for_each(staff: Client, danas: Any, eriks: Any) -> None:
    images = [kept(danas, 1), kept(danas, 2), kept(eriks, 3)]
    staff.post(LIST, {"action": "make_primary", "_selected_action": [image["id"] for image in images]})
    chosen = {str(pk) for pk in UserImage.objects.filter(is_primary=True).values_list("pk", flat=True)}
    assert chosen == {images[1]["id"], images[2]["id"]}


def test_deleting_one_and_many(staff: Client, danas: Any, eriks: Any) -> None:
    one, *others = kept(danas, 1), kept(danas, 2), kept(eriks, 3)
    assert staff.post(f"{LIST}{one['id']}/delete/", {"post": "yes"}).status_code == 302
    assert len(stored()) == 8
    check_consistent()
    many = {"action": "delete_selected", "_selected_action": [image["id"] for image in others], "post": "yes"}
    assert staff.post(LIST, many).status_code == 302
    assert stored() == {}
    check_consistent()
    entries = AuditEntry.objects.filter(action="image.delete", channel="admin", actor_name="dora")
    assert entries.count() == 3


def test_whoever_may_only_look_does_nothing(danas: Any) -> None:
    image = kept(danas)
    looker, bob = signed_in("vera", "view"), signed_in("bob")
    before = everything()
    assert 'class="images-face"' in page_of(looker)
    assert 'name="caption"' not in page_of(looker, f"{LIST}{image['id']}/change/")
    assert looker.post(f"{LIST}{image['id']}/change/", {"caption": "x"}).status_code == 403
    assert looker.post(f"{LIST}{image['id']}/delete/", {"post": "yes"}).status_code == 403
    looker.post(LIST, {"action": "make_primary", "_selected_action": [image["id"]]})
    assert looker.get(f"{LIST}add/").status_code == 403
    assert bob.get(LIST).status_code == 403
    assert everything() == before


def test_deleting_a_person_takes_the_images_along(danas: Any, dana: Any, eriks: Any) -> None:
    kept(danas, 1), kept(danas, 2, is_primary="true"), kept(eriks, 3)
    client = Client()
    root = make_person("root", is_staff=True, is_superuser=True)
    client.force_login(root, backend="profile_pictures.backends.ThrottledModelBackend")
    usage = client.post(f"/admin/media_uploads/usage/{dana.pk}/delete/", {"post": "yes"})
    assert usage.status_code == 403, "a figure goes along with its user, not by itself"
    answer = client.post(f"/admin/profile_pictures/user/{dana.pk}/delete/", {"post": "yes"})
    assert answer.status_code == 302
    assert UserImage.objects.count() == 1
    assert len(stored()) == 4, "gone with the commit, not some time later"
    check_consistent()
