"""`POST /api/students/{id}/upload-photo/`: what is taken, and what becomes of it."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from photostore.models import StoredFile
from photostore.storage import storage_for
from students.models import Student, StudentPhoto
from students.tests.school import (
    enrol,
    everything,
    face,
    file_of,
    hand_in,
    likeness,
    opened,
    see_through,
    stored,
)
from testing.people import body_of
from testing.phone import phone_jpeg


@pytest.fixture
def ada(api: Any) -> dict[str, Any]:
    return enrol(api, student_number="S-1815")


def documented() -> list[str]:
    return sorted(
        [
            *stored("default", "student_photos/"),
            *(key for key in stored("safe") if key.endswith("/profile.jpg")),
        ]
    )


def test_the_answer_is_the_student_with_the_photo(api: Any, ada: dict[str, Any]) -> None:
    answer = hand_in(api, ada["id"], face(1))
    assert answer.status_code == 200
    said = answer.json()
    assert (said.pop("photo_changed"), said.pop("message")) == (True, "The photo is saved.")
    assert said.pop("warnings") == []
    assert said == api.get(f"/api/students/{ada['id']}/").json()
    assert said["profile_photo"] == f"student_photos/student_{ada['id']}_profile.jpg"
    assert likeness(body_of(api.get(said["profile_photo_url"])), face(1)) < 6


def test_a_jpg_replaced_by_a_png_leaves_one_file_under_each_documented_name(
    api: Any, ada: dict[str, Any], each_storage: str
) -> None:
    hand_in(api, ada["id"], face(1))
    jpg = Student.objects.get().photo_sha256
    hand_in(api, ada["id"], see_through(2), "b.png")
    student = Student.objects.get()
    png = stored()[f"photos/students/{student.student_id}/history/{student.photo_sha256}.png"]
    assert documented() == sorted(
        [
            f"student_photos/student_{ada['id']}_profile.png",
            f"photos/students/{ada['student_id']}/profile.jpg",
        ]
    )
    assert stored()[student.profile_photo.name] == png
    assert stored("safe")[f"photos/students/{ada['student_id']}/profile.jpg"] == png
    assert opened(png).format == "PNG"
    assert opened(png).getchannel("A").getextrema() == (0, 255)
    assert f"photos/students/{student.student_id}/history/{jpg}.jpg" in stored(), "the old one is in history"


def test_and_back_to_a_jpg_again(api: Any, ada: dict[str, Any]) -> None:
    for number, (data, name) in enumerate(
        [(face(1), "a.jpg"), (see_through(2), "b.png"), (face(3), "c.jpg")]
    ):
        assert hand_in(api, ada["id"], data, name).status_code == 200, number
    (name,) = stored("default", "student_photos/")
    assert name == f"student_photos/student_{ada['id']}_profile.jpg"
    assert likeness(stored()[name], face(3)) < 6
    assert StudentPhoto.objects.count() == 3


def test_the_old_version_stays_and_knows_when_it_was_replaced(api: Any, ada: dict[str, Any]) -> None:
    hand_in(api, ada["id"], face(1))
    first = StudentPhoto.objects.of_profile().get()
    data = stored()[first.file.name]
    hand_in(api, ada["id"], face(2))
    first.refresh_from_db()
    second = StudentPhoto.objects.of_profile().get(replaced_at=None)
    assert first.replaced_at is not None
    assert first.replaced_at >= second.uploaded_at
    assert stored()[first.file.name] == data
    assert list(StoredFile.objects.filter(kind="original", live=True).values_list("key", flat=True)) == [
        second.file.name
    ]


def test_the_same_file_twice_changes_nothing_and_says_so(api: Any, ada: dict[str, Any]) -> None:
    hand_in(api, ada["id"], face(1))
    before = everything()
    answer = hand_in(api, ada["id"], face(1), "other name.jpeg")
    assert answer.status_code == 200
    assert answer.json()["photo_changed"] is False
    assert answer.json()["message"] == "This file is already the current photo."
    assert everything() == before


def test_the_same_file_after_another_one_is_a_change_again(api: Any, ada: dict[str, Any]) -> None:
    hand_in(api, ada["id"], face(1))
    first = Student.objects.get().photo_sha256
    hand_in(api, ada["id"], face(2))
    assert hand_in(api, ada["id"], face(1)).json()["photo_changed"] is True
    assert Student.objects.get().photo_sha256 == first
    assert StudentPhoto.objects.count() == 2, "the same bytes are the same version"
    assert StudentPhoto.objects.of_profile().get(replaced_at=None).sha256 == first


def test_handing_the_photo_in_again_heals_lost_bytes(api: Any, ada: dict[str, Any]) -> None:
    hand_in(api, ada["id"], face(1))
    before = stored()
    storage_for().remove(StudentPhoto.objects.of_profile().get().file.name)
    assert hand_in(api, ada["id"], face(1)).json()["photo_changed"] is True
    assert stored() == before


def test_a_version_knows_what_was_handed_in(api: Any, ada: dict[str, Any], alice: Any) -> None:
    hand_in(api, ada["id"], face(1), "Ada at the beach.JPG", credit="School photographer Ltd")
    photo = StudentPhoto.objects.of_profile().get()
    data = stored()[photo.file.name]
    assert photo.source_sha256 == hashlib.sha256(face(1)).hexdigest()
    assert photo.sha256 == hashlib.sha256(data).hexdigest()
    assert (photo.original_filename, photo.credit) == ("Ada at the beach.JPG", "School photographer Ltd")
    assert (photo.uploaded_by_id, photo.uploaded_by, photo.origin) == (str(alice.pk), "alice", "api")
    assert (photo.width, photo.height, photo.content_type) == (300, 400, "image/jpeg")
    assert -(2**63) <= photo.dhash < 2**63


def test_the_date_taken_comes_from_the_camera(api: Any, ada: dict[str, Any]) -> None:
    hand_in(api, ada["id"], phone_jpeg(1, 0.3, taken="2024:09:03 10:11:12"))
    assert str(StudentPhoto.objects.of_profile().get().taken_on) == "2024-09-03"
    (version,) = api.get(f"/api/students/{ada['id']}/photo-history/").json()["results"]
    assert version["taken_on"] == "2024-09-03"


def test_a_date_that_was_given_beats_the_cameras(api: Any, ada: dict[str, Any]) -> None:
    hand_in(api, ada["id"], phone_jpeg(1, 0.3), taken_on="2023-01-02")
    assert str(StudentPhoto.objects.of_profile().get().taken_on) == "2023-01-02"


def test_a_drawing_has_no_date(api: Any, ada: dict[str, Any]) -> None:
    hand_in(api, ada["id"], face(1))
    assert StudentPhoto.objects.of_profile().get().taken_on is None


@pytest.mark.parametrize(
    ("field", "value"),
    [("taken_on", "yesterday"), ("taken_on", "2024-13-01"), ("credit", "x" * 201), ("credit", "a\0b")],
)
def test_a_wrong_word_about_the_photo_stops_it(api: Any, ada: dict[str, Any], field: str, value: str) -> None:
    hand_in(api, ada["id"], face(1))
    before = everything()
    answer = hand_in(api, ada["id"], face(2), **{field: value})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert everything() == before


def test_a_phone_photo_comes_back_upright_small_and_private(api: Any, ada: dict[str, Any]) -> None:
    answer = hand_in(api, ada["id"], phone_jpeg(3, 4, orientation=6), "IMG_0001.JPG").json()
    data = body_of(api.get(answer["profile_photo_url"]))
    picture = opened(data)
    assert max(picture.size) == 1920
    assert picture.height > picture.width
    assert not picture.getexif()
    for private in (b"MAKERNOTE", b"Exif", b"Drawn Phone", b"GPS", b"IMG_0001", b"S-1815"):
        assert private not in data
    assert likeness(data, phone_jpeg(3, 4)) < 6


def test_a_student_who_does_not_exist_is_a_404_and_leaves_nothing(api: Any) -> None:
    assert hand_in(api, 4711, face(1)).status_code == 404
    assert stored() == {}


def test_without_a_slash_the_body_arrives_too(api: Any, ada: dict[str, Any]) -> None:
    answer = api.post(
        f"/api/students/{ada['id']}/upload-photo", {"profile_photo": file_of(face(1))}, format="multipart"
    )
    assert (answer.status_code, answer.json()["photo_changed"]) == (200, True)


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_other_methods_are_405(api: Any, ada: dict[str, Any], method: str) -> None:
    answer = getattr(api, method)(f"/api/students/{ada['id']}/upload-photo/")
    assert answer.status_code == 405
    assert answer["Content-Type"] == "application/problem+json"
    assert "POST" in answer["Allow"]


def test_uploads_of_staff_are_throttled_and_plain_changes_are_not(
    api: Any, ada: dict[str, Any], settings: Any
) -> None:
    settings.UPLOADS_PER_MINUTE = 0
    answer = hand_in(api, ada["id"], face(1))
    assert (answer.status_code, answer.json()["code"]) == (429, "throttled")
    assert api.patch(f"/api/students/{ada['id']}/", {"name": "Ada"}, format="json").status_code == 200
    settings.UPLOADS_PER_MINUTE = 1
    assert hand_in(api, ada["id"], face(1)).status_code == 200
