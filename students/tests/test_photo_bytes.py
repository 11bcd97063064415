"""`GET /api/photos/students/{student_id}/profile.jpg`."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from photostore.storage import storage_for
from students.models import Student, StudentPhoto
from students.tests.school import face, hand_in, see_through, stored
from students.views.base import StudentsView
from testing.people import body_of, client_of

pytestmark = pytest.mark.usefixtures("each_storage")


def version() -> bytes:
    return stored()[StudentPhoto.objects.of_profile().get(replaced_at=None).file.name]


@pytest.mark.s3
def test_it_is_todays_version_byte_for_byte(api: Any, ada: dict[str, Any]) -> None:
    answer = api.get(ada["photo"])
    assert (answer.status_code, body_of(answer)) == (200, version())
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["ETag"] == f'"{Student.objects.get().photo_sha256}"'
    assert answer["Cache-Control"] == "private, no-cache"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["Content-Disposition"] == 'inline; filename="profile.jpg"'


def test_behind_the_name_there_may_be_a_png(api: Any, ada: dict[str, Any]) -> None:
    hand_in(api, ada["id"], see_through(2), "b.png")
    answer = api.get(ada["photo"])
    assert body_of(answer)[:8] == b"\x89PNG\r\n\x1a\n"
    assert answer["Content-Type"] == "image/png"


def test_whoever_has_it_gets_304_until_it_changes(api: Any, ada: dict[str, Any]) -> None:
    answer = api.get(ada["photo"])
    body_of(answer)
    again = api.get(ada["photo"], HTTP_IF_NONE_MATCH=answer["ETag"])
    assert (again.status_code, body_of(again)) == (304, b"")
    hand_in(api, ada["id"], face(2))
    changed = api.get(ada["photo"], HTTP_IF_NONE_MATCH=answer["ETag"])
    assert (changed.status_code, body_of(changed)) == (200, version())


def test_a_photo_replaced_while_it_is_asked_for(api: Any, ada: dict[str, Any], monkeypatch: Any) -> None:
    find = StudentsView.student

    def find_and_be_late(view: StudentsView) -> Student:
        found = find(view)
        monkeypatch.setattr(StudentsView, "student", find)
        hand_in(api, ada["id"], face(2))
        return found

    monkeypatch.setattr(StudentsView, "student", find_and_be_late)
    answer = api.get(ada["photo"])
    assert (answer.status_code, body_of(answer)) == (200, version())


def test_a_part_of_it(api: Any, ada: dict[str, Any]) -> None:
    data = version()
    answer = api.get(ada["photo"], HTTP_RANGE="bytes=100-199")
    assert (answer.status_code, body_of(answer)) == (206, data[100:200])
    assert answer["Content-Range"] == f"bytes 100-199/{len(data)}"
    beyond = api.get(ada["photo"], HTTP_RANGE=f"bytes={len(data)}-")
    assert (beyond.status_code, beyond["Content-Range"]) == (416, f"bytes */{len(data)}")


def test_head(api: Any, ada: dict[str, Any]) -> None:
    answer = api.head(ada["photo"])
    assert (answer.status_code, body_of(answer)) == (200, b"")
    assert answer["Content-Length"] == str(len(version()))
    assert answer["Content-Type"] == "image/jpeg"


def test_a_client_that_wants_pictures_only_gets_one(api: Any, ada: dict[str, Any]) -> None:
    for accept in ("image/*", "image/webp,image/png;q=0.8", "text/html", "*/*"):
        answer = api.get(ada["photo"], HTTP_ACCEPT=accept)
        assert (answer.status_code, body_of(answer)) == (200, version()), accept


def test_a_damaged_documented_copy_is_not_what_is_served(api: Any, ada: dict[str, Any]) -> None:
    data = version()
    storage_for().put(ada["profile_photo"], b"damaged", content_type="image/jpeg")
    assert body_of(api.get(ada["photo"])) == data
    assert body_of(api.get(ada["photo"] + "/")) == data


def test_without_a_photo_and_without_a_student_it_is_the_same_404(api: Any, ada: dict[str, Any]) -> None:
    api.delete(f"/api/students/{ada['id']}/photo/")
    absent = api.get(ada["photo"])
    unknown = api.get(f"/api/photos/students/{uuid4()}/profile.jpg")
    assert absent.status_code == unknown.status_code == 404
    assert absent.content == unknown.content


def test_lost_bytes_are_a_404_in_words(api: Any, ada: dict[str, Any]) -> None:
    storage_for().remove(StudentPhoto.objects.of_profile().get().file.name)
    answer = api.get(ada["photo"])
    assert (answer.status_code, answer.json()["detail"]) == (404, "The file is missing.")


def test_a_link_alone_is_not_enough(ada: dict[str, Any]) -> None:
    assert client_of().get(ada["photo"]).status_code == 401


@pytest.mark.parametrize("student_id", ["x", "1", "..", "0" * 32, "%00"])
def test_what_is_no_uuid_is_a_404(api: Any, student_id: str) -> None:
    assert api.get(f"/api/photos/students/{student_id}/profile.jpg").status_code == 404
