"""`DELETE …/photo/`, `GET …/photo-history/` and `POST …/photo-history/{sha256}/restore/`."""

from __future__ import annotations

from typing import Any

import pytest

from photostore.storage import storage_for
from students.identity import number_hash, read
from students.models import Student, StudentPhoto
from students.tests.school import enrol, everything, face, hand_in, likeness, see_through, stored
from testing.people import body_of


@pytest.fixture
def ada(api: Any) -> dict[str, Any]:
    made = enrol(api, student_number="S-1", photo=face(1))
    return hand_in(api, made["id"], see_through(2), "b.png").json()


def url_of(ada: dict[str, Any], *rest: str) -> str:
    return "/".join([f"/api/students/{ada['id']}/photo-history", *rest, ""])


def history(api: Any, ada: dict[str, Any]) -> list[dict[str, Any]]:
    answer = api.get(url_of(ada))
    assert answer.status_code == 200
    return answer.json()["results"]


def restore(api: Any, ada: dict[str, Any], sha256: str) -> Any:
    return api.post(url_of(ada, sha256, "restore"))


# --- looking ----------------------------------------------------------------------------------------


def test_every_version_is_listed_the_newest_first_and_can_be_seen(api: Any, ada: dict[str, Any]) -> None:
    today, before = history(api, ada)
    assert set(today) == {
        "sha256",
        "width",
        "height",
        "taken_on",
        "origin",
        "uploaded_at",
        "replaced_at",
        "url",
    }
    assert (today["replaced_at"], today["origin"]) == (None, "api")
    assert before["replaced_at"] >= before["uploaded_at"]
    assert today["sha256"] == Student.objects.get().photo_sha256
    assert likeness(body_of(api.get(before["url"])), face(1)) < 6
    assert body_of(api.get(today["url"]))[:4] == b"\x89PNG"


def test_history_is_paged(api: Any, ada: dict[str, Any]) -> None:
    page = api.get(url_of(ada) + "?page_size=1").json()
    assert len(page["results"]) == 1
    (older,) = api.get(page["next"]).json()["results"]
    assert older["replaced_at"] is not None


def test_a_student_without_photos_has_an_empty_history(api: Any) -> None:
    assert history(api, enrol(api, "Bea")) == []


def test_nobodys_history_is_a_404(api: Any) -> None:
    assert api.get("/api/students/4711/photo-history/").status_code == 404


# --- taking away ------------------------------------------------------------------------------------


@pytest.mark.s3
def test_a_removed_photo_is_gone_from_its_names_and_stays_in_history(api: Any, each_storage: str) -> None:
    made = enrol(api, photo=face(1))
    version = StudentPhoto.objects.of_profile().get()
    data = stored()[version.file.name]
    answer = api.delete(f"/api/students/{made['id']}/photo/")
    assert (answer.status_code, answer.content) == (204, b"")
    assert stored("default", "student_photos/") == {}
    assert f"photos/students/{made['student_id']}/profile.jpg" not in stored("safe")
    assert stored()[version.file.name] == data
    now = api.get(f"/api/students/{made['id']}/").json()
    assert [now[name] for name in ("profile_photo", "profile_photo_url", "photo", "thumbnails")] == [None] * 4
    assert now["photo_updated_at"] > made["photo_updated_at"]
    (kept,) = history(api, made)
    assert kept["replaced_at"] is not None


def test_its_live_links_end_at_once_and_its_history_link_lives(api: Any, ada: dict[str, Any]) -> None:
    links = [ada["profile_photo_url"], *ada["thumbnails"].values()]
    past = history(api, ada)[0]["url"]
    api.delete(f"/api/students/{ada['id']}/photo/")
    assert [api.get(link).status_code for link in links] == [404] * 4
    assert body_of(api.get(past))[:4] == b"\x89PNG"
    assert api.get(ada["photo"]).status_code == 404


def test_live_links_end_with_a_new_photo_and_with_the_student(api: Any, ada: dict[str, Any]) -> None:
    old = [ada["profile_photo_url"], *ada["thumbnails"].values()]
    new = hand_in(api, ada["id"], face(3)).json()
    assert [api.get(link).status_code for link in old] == [404] * 4
    links = [
        new["profile_photo_url"],
        *new["thumbnails"].values(),
        *(row["url"] for row in history(api, ada)),
    ]
    for link in links:
        assert body_of(api.get(link))
    api.delete(f"/api/students/{ada['id']}/")
    assert [api.get(link).status_code for link in links] == [404] * 7


def test_a_photo_that_is_not_there_cannot_be_removed(api: Any, ada: dict[str, Any]) -> None:
    api.delete(f"/api/students/{ada['id']}/photo/")
    before = everything()
    answer = api.delete(f"/api/students/{ada['id']}/photo/")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_photo")
    assert answer.json()["detail"] == "This student has no photo."
    assert everything() == before


# --- bringing back ----------------------------------------------------------------------------------


def test_an_earlier_version_comes_back_byte_for_byte(
    api: Any, ada: dict[str, Any], each_storage: str
) -> None:
    made = enrol(api, "Bea", photo=face(1))
    first = StudentPhoto.objects.of_profile().get(student_id=made["id"])
    data = stored()[first.file.name]
    hand_in(api, made["id"], see_through(2), "b.png")
    answer = restore(api, made, first.sha256)
    assert answer.status_code == 200, answer.content
    assert answer.json()["profile_photo"] == f"student_photos/student_{made['id']}_profile.jpg"
    assert stored()[answer.json()["profile_photo"]] == data
    assert stored("safe")[f"photos/students/{made['student_id']}/profile.jpg"] == data
    assert f"student_photos/student_{made['id']}_profile.png" not in stored()
    assert StudentPhoto.objects.of_profile().filter(student_id=made["id"]).count() == 2
    assert (
        StudentPhoto.objects.of_profile().get(student_id=made["id"], replaced_at=None).sha256 == first.sha256
    )


def test_the_restored_photo_has_working_links_and_thumbnails(api: Any, ada: dict[str, Any]) -> None:
    first = history(api, ada)[1]["sha256"]
    answer = restore(api, ada, first).json()
    assert likeness(body_of(api.get(answer["profile_photo_url"])), face(1)) < 6
    for link in answer["thumbnails"].values():
        assert len(body_of(api.get(link))) > 100


def test_a_removed_photo_can_be_brought_back(api: Any, ada: dict[str, Any]) -> None:
    api.delete(f"/api/students/{ada['id']}/photo/")
    answer = restore(api, ada, history(api, ada)[0]["sha256"])
    assert (answer.status_code, answer.json()["profile_photo"]) == (200, ada["profile_photo"])


def test_after_a_new_number_the_picture_comes_back_with_the_present_identity(
    api: Any, ada: dict[str, Any]
) -> None:
    api.patch(f"/api/students/{ada['id']}/", {"student_number": "S-2"})
    first = StudentPhoto.objects.order_by("pk").first()
    assert first is not None
    answer = restore(api, ada, first.sha256).json()
    data = stored()[answer["profile_photo"]]
    identity = read(data)
    assert identity is not None
    assert identity.number_hash == number_hash("S-2")
    assert likeness(data, face(1)) < 6
    for link in answer["thumbnails"].values():
        assert body_of(api.get(link))


def test_todays_version_brought_back_changes_nothing(api: Any, ada: dict[str, Any]) -> None:
    before = everything()
    assert restore(api, ada, Student.objects.get().photo_sha256).status_code == 200
    assert everything() == before


def test_a_version_of_somebody_else_is_a_404_and_changes_nothing(api: Any, ada: dict[str, Any]) -> None:
    other = enrol(api, "Bea", photo=face(3))
    theirs = StudentPhoto.objects.of_profile().get(student_id=other["id"]).sha256
    before = everything()
    foreign, missing = restore(api, ada, theirs), restore(api, ada, "0" * 64)
    assert (foreign.status_code, foreign.content) == (404, missing.content)
    assert everything() == before


@pytest.mark.parametrize("sha256", ["0" * 63, "0" * 65, "A" * 64, "g" * 64, "..", "%00"])
def test_what_is_no_hash_is_a_404(api: Any, ada: dict[str, Any], sha256: str) -> None:
    assert restore(api, ada, sha256).status_code == 404


@pytest.mark.parametrize("damage", ["gone", "altered"])
def test_a_version_that_is_lost_or_damaged_is_not_brought_back(
    api: Any, ada: dict[str, Any], damage: str
) -> None:
    first = StudentPhoto.objects.of_profile().exclude(replaced_at=None).get()
    if damage == "gone":
        storage_for().remove(first.file.name)
    else:
        storage_for().put(first.file.name, face(9), content_type="image/jpeg")
    before = everything()
    answer = restore(api, ada, first.sha256)
    assert (answer.status_code, answer.json()["code"]) == (404, "file_missing")
    assert everything() == before
