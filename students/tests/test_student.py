"""`GET`, `PUT` and `PATCH /api/students/{id}/`."""

from __future__ import annotations

from typing import Any

import pytest

from photostore.models import StoredFile
from students.identity import number_hash, read
from students.models import FormerStudentNumber, Student, StudentPhoto
from students.tests.school import (
    enrol,
    everything,
    face,
    file_of,
    likeness,
    see_through,
    stored,
)
from testing.people import body_of


def test_a_student_looks_as_in_the_list(api: Any) -> None:
    made = enrol(api, student_number="S-1", photo=face(1))
    answer = api.get(f"/api/students/{made['id']}/")
    assert answer.status_code == 200
    assert answer.json() == made == api.get(f"/api/students/{made['id']}").json()


@pytest.mark.parametrize("pk", ["0", "4711", "9223372036854775807", "9223372036854775808", "9" * 40])
@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_whoever_does_not_exist_is_a_404(api: Any, pk: str, method: str) -> None:
    said = {"name": "Ada"} if method in {"put", "patch"} else None
    answer = getattr(api, method)(f"/api/students/{pk}/", said)
    assert (answer.status_code, answer.json()["detail"]) == (404, "Not found.")


@pytest.mark.parametrize("pk", ["-1", "x", "1.0", "%00", "1%00", "٣", "1e3", ""])
def test_what_is_no_id_is_a_404(api: Any, pk: str) -> None:
    expected = 200 if pk == "" else 404
    assert api.get(f"/api/students/{pk}/".replace("//", "/")).status_code == expected


def test_patch_changes_what_it_names_and_nothing_else(api: Any) -> None:
    made = enrol(api, class_name="4b", grade="4", photo=face(1))
    answer = api.patch(f"/api/students/{made['id']}/", {"class_name": "5b"})
    assert answer.status_code == 200
    changed = {"class_name": "5b", "updated_at": answer.json()["updated_at"], "warnings": []}
    assert answer.json() == made | changed
    assert answer.json()["updated_at"] > made["updated_at"]


def test_put_empties_what_it_leaves_out_but_never_the_photo(api: Any) -> None:
    made = enrol(api, class_name="4b", status="left", left_on="2026-01-31", photo=face(1))
    files = stored()
    answer = api.put(f"/api/students/{made['id']}/", {"name": "Ada King"}).json()
    assert (answer["name"], answer["class_name"], answer["status"], answer["left_on"]) == (
        "Ada King",
        "",
        "active",
        None,
    )
    assert answer["profile_photo"] == made["profile_photo"]
    assert stored() == files


def test_put_without_a_name_is_refused(api: Any) -> None:
    made = enrol(api)
    before = everything()
    assert api.put(f"/api/students/{made['id']}/", {"class_name": "4b"}).status_code == 400
    assert everything() == before


def test_a_photo_may_come_with_a_patch(api: Any) -> None:
    made = enrol(api, photo=face(1))
    body = {"grade": "5", "profile_photo": file_of(face(2))}
    answer = api.patch(f"/api/students/{made['id']}/", body, format="multipart")
    assert (answer.status_code, answer.json()["grade"]) == (200, "5")
    assert likeness(stored()[answer.json()["profile_photo"]], face(2)) < 6
    assert StudentPhoto.objects.count() == 2


def test_a_bad_photo_stops_the_whole_patch(api: Any) -> None:
    made = enrol(api, photo=face(1))
    before = everything()
    body = {"grade": "5", "profile_photo": file_of(b"no picture")}
    assert api.patch(f"/api/students/{made['id']}/", body, format="multipart").status_code == 400
    assert everything() == before


# --- the number -------------------------------------------------------------------------------------


@pytest.mark.s3
def test_a_new_number_goes_into_the_photo_without_touching_a_pixel(api: Any, each_storage: str) -> None:
    made = enrol(api, student_number="S-1", photo=face(1))
    (old,) = StudentPhoto.objects.all()
    old_data = stored()[old.file.name]
    answer = api.patch(f"/api/students/{made['id']}/", {"student_number": "S-2"})
    assert answer.status_code == 200

    new = StudentPhoto.objects.of_profile().get(replaced_at=None)
    data = stored()[new.file.name]
    assert new.sha256 != old.sha256
    assert (new.untagged_sha256, new.pixel_sha256, new.source_sha256) == (
        old.untagged_sha256,
        old.pixel_sha256,
        old.source_sha256,
    )
    identity = read(data)
    assert identity is not None
    assert (str(identity.student_id), identity.number_hash) == (made["student_id"], number_hash("S-2"))
    assert stored()[answer.json()["profile_photo"]] == data
    assert stored("safe")[f"photos/students/{made['student_id']}/profile.jpg"] == data
    assert stored()[old.file.name] == old_data, "the version under the old number stays"


def test_the_old_number_is_kept(api: Any) -> None:
    made = enrol(api, student_number="S-1")
    for number in ("S-2", "S-3", None):
        api.patch(f"/api/students/{made['id']}/", {"student_number": number})
    kept = FormerStudentNumber.objects.order_by("pk").values_list("student_number", flat=True)
    assert list(kept) == ["S-1", "S-2", "S-3"]
    assert Student.objects.get().student_number is None


def test_a_first_number_leaves_no_former_one(api: Any) -> None:
    made = enrol(api, photo=face(1))
    api.patch(f"/api/students/{made['id']}/", {"student_number": "S-1"})
    assert not FormerStudentNumber.objects.exists()
    assert StudentPhoto.objects.count() == 2


def test_the_same_number_again_makes_no_version(api: Any) -> None:
    made = enrol(api, student_number="S-1", photo=face(1))
    before = stored()
    assert api.patch(f"/api/students/{made['id']}/", {"student_number": "S-1"}).status_code == 200
    assert stored() == before
    assert StudentPhoto.objects.count() == 1


def test_a_number_changes_although_the_photo_is_lost(api: Any) -> None:
    from photostore.storage import storage_for

    made = enrol(api, student_number="S-1", photo=face(1))
    storage_for().remove(StudentPhoto.objects.of_profile().get().file.name)
    answer = api.patch(f"/api/students/{made['id']}/", {"student_number": "S-2"})
    assert (answer.status_code, answer.json()["student_number"]) == (200, "S-2")
    assert StudentPhoto.objects.count() == 1


def test_a_number_that_somebody_else_has_changes_nothing(api: Any) -> None:
    enrol(api, "Bea", student_number="S-2")
    made = enrol(api, student_number="S-1", photo=face(1))
    before = everything()
    answer = api.patch(f"/api/students/{made['id']}/", {"student_number": "S-2"})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["student_number"])
    assert everything() == before


def test_a_transparent_photo_is_retagged_as_a_png(api: Any) -> None:
    made = enrol(api, student_number="S-1", photo=see_through(1), filename="a.png")
    answer = api.patch(f"/api/students/{made['id']}/", {"student_number": "S-2"}).json()
    identity = read(stored()[answer["profile_photo"]])
    assert identity is not None
    assert identity.number_hash == number_hash("S-2")


def test_the_retagged_photo_is_served_with_its_thumbnails(api: Any) -> None:
    made = enrol(api, student_number="S-1", photo=face(1))
    answer = api.patch(f"/api/students/{made['id']}/", {"student_number": "S-2"}).json()
    for url in (answer["profile_photo_url"], *answer["thumbnails"].values()):
        served = api.get(url)
        assert served.status_code == 200, body_of(served)
        assert len(body_of(served)) > 100
    live = StoredFile.objects.filter(kind="original", live=True)
    assert [row.sha256 for row in live] == [Student.objects.get().photo_sha256]
