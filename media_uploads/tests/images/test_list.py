"""`GET /api/user_images/{username}/`."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from media_uploads.models import UserImage
from media_uploads.tests.images.handing_in import filled, kept, listed
from media_uploads.views.images import images_of
from testing.people import body_of, client_of, make_person

pytestmark = pytest.mark.django_db(transaction=True)
AUTHENTICATION = ("knox_authtoken", "auth_permission")


def asked(client: Any, address: str) -> int:
    """How many questions the database got, besides who asks."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return sum(not any(table in query["sql"] for table in AUTHENTICATION) for query in captured)


@pytest.mark.s3
def test_everybody_who_is_signed_in_sees_them_newest_first(danas: Any, eriks: Any, each_storage: str) -> None:
    made = [kept(danas, seed, image_type=kind) for seed, kind in enumerate(["profile", "gallery", "cover"])]
    said = listed(eriks, "dana")
    assert set(said) == {"success", "images", "count"}
    assert (said["success"], said["count"]) == (True, 3)
    assert [image["id"] for image in said["images"]] == [image["id"] for image in made[::-1]]
    assert said["images"][0].keys() == made[0].keys()
    assert {name: said["images"][2][name] for name in made[0] if name not in {"url", "thumbnails"}} == {
        name: made[0][name] for name in made[0] if name not in {"url", "thumbnails"}
    }
    covers = listed(eriks, "dana", "?image_type=cover")
    assert ([image["id"] for image in covers["images"]], covers["count"]) == ([made[2]["id"]], 1)
    assert listed(eriks, "dana", "?image_type=")["count"] == 3
    assert eriks.get("/api/user_images/dana/?image_type=avatar").status_code == 400


def test_the_links_of_a_list_work(danas: Any, eriks: Any) -> None:
    kept(danas)
    (image,) = listed(eriks, "dana")["images"]
    for url in (image["url"], *image["thumbnails"].values()):
        assert body_of(client_of().get(url))


@pytest.mark.parametrize("name", ["nobody", "DANA", "%00", "dana%00", "da%20na", "😀", "x" * 200])
def test_a_name_that_nobody_has_gives_an_empty_list(danas: Any, name: str) -> None:
    kept(danas)
    assert listed(danas, name) == {"success": True, "images": [], "count": 0}


def test_both_forms_of_the_address(danas: Any) -> None:
    kept(danas)
    assert danas.get("/api/user_images/dana").json()["count"] == 1


@pytest.mark.parametrize("name", ["dana@example.org", "Dána+x", "a.b-c_d"])
def test_names_that_are_not_plain(name: str) -> None:
    client = client_of(make_person(name))
    image = kept(client)
    assert listed(client, quote(name))["images"][0]["id"] == image["id"]


def test_nobody_is_401_and_other_methods_are_405(danas: Any) -> None:
    assert client_of().get("/api/user_images/dana/").status_code == 401
    answer = danas.post("/api/user_images/dana/")
    assert (answer.status_code, answer.json()["error"]) == (405, "Method not allowed")


def test_without_pages_no_more_than_500_come_and_the_count_says_so(danas: Any, dana: Any) -> None:
    filled(dana, 499)
    assert asked(danas, "/api/user_images/dana/") == 1
    assert listed(danas, "dana")["count"] == 499
    filled(make_person("gus"), 501)
    said = listed(danas, "gus")
    assert (len(said["images"]), said["count"]) == (500, 501)
    assert asked(danas, "/api/user_images/gus/") == 2


@pytest.mark.parametrize("one_moment", [False, True])
def test_pages_hold_every_image_once(danas: Any, dana: Any, one_moment: bool) -> None:
    filled(dana, 23)
    if one_moment:  # as only an import by hand could leave them: then the key decides
        UserImage.objects.update(uploaded_at=timezone.now())
    everybody = [image["id"] for image in listed(danas, "dana")["images"]]
    pages = [listed(danas, "dana", "?page_size=5")]
    assert pages[0]["previous"] is None
    while pages[-1]["next"]:
        pages.append(danas.get(pages[-1]["next"]).json())
    assert [len(page["images"]) for page in pages] == [5, 5, 5, 5, 3]
    assert [image["id"] for page in pages for image in page["images"]] == everybody
    assert {page["count"] for page in pages} == {23}
    if not one_moment:
        back = danas.get(pages[-1]["previous"]).json()
        assert [image["id"] for image in back["images"]] == everybody[15:20]
    of_a_type = listed(danas, "dana", "?page_size=5&image_type=cover")
    assert (of_a_type["images"], of_a_type["count"], of_a_type["next"]) == ([], 0, None)


def test_pages_stay_right_while_images_come_and_go(danas: Any, dana: Any) -> None:
    filled(dana, 10)
    before = [image["id"] for image in listed(danas, "dana")["images"]]
    first = listed(danas, "dana", "?page_size=5")
    filled(dana, 1)
    UserImage.objects.filter(pk=before[2]).delete()
    rest = danas.get(first["next"]).json()
    assert [image["id"] for image in rest["images"]] == before[5:]


@pytest.mark.parametrize(
    "place", ["7", "now", "2026-11-21", "0001-01-01 00:00:00+23:59", "99999", "2026-13-01"]
)
def test_a_made_up_place_is_404(danas: Any, dana: Any, place: str) -> None:
    from base64 import b64encode

    filled(dana, 2)
    cursor = b64encode(f"p={quote(place)}".encode()).decode()
    assert danas.get(f"/api/user_images/dana/?cursor={quote(cursor)}").status_code == 404


def test_a_page_costs_the_same_at_any_depth(danas: Any, dana: Any) -> None:
    """Two questions to the database, and the page is read off the index, wherever it begins."""
    filled(dana, 3000)
    filled(make_person("gus"), 3000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE media_uploads_userimage")
        cursor.execute("ANALYZE users_user")
    deep = UserImage.objects.filter(user=dana).order_by("-uploaded_at")[2500].uploaded_at
    page = images_of("dana").filter(uploaded_at__lt=deep)[:51]
    plan = page.explain(analyze=True)
    assert "media_uploads_images_newest" in plan
    assert "Sort" not in plan, plan
    assert "rows=51" in plan, plan
    assert asked(danas, "/api/user_images/dana/?page_size=50") == 2
