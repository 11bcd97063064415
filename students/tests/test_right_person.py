"""A picture of another student is noticed wherever it comes in; a person can say that it is right."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from photostore.audit import Actor
from photostore.models import AuditEntry
from photostore.storage import storage_for
from photostore.tests.inventory_files import run
from students.models import Student, StudentPhoto
from students.right_person import findings, looks_of
from students.shared_photos import shared_photos
from students.tests import commands
from students.tests.school import enrol, everything, face, file_of
from students.versions import new_version, take_in
from testing.people import client_of, make_person
from testing.pictures import portrait, saved


@pytest.fixture
def ada(api: Any) -> dict[str, Any]:
    return enrol(api, "Ada", student_number="S-1", photo=face(1))


@pytest.fixture
def bea(api: Any) -> dict[str, Any]:
    return enrol(api, "Bea", student_number="S-2", photo=face(2))


def hand_in(api: Any, pk: int, data: bytes, filename: str = "photo.jpg", **fields: Any) -> Any:
    """As a client that knows nothing of confirming."""
    form = {"profile_photo": file_of(data, filename), **fields}
    return api.post(f"/api/students/{pk}/upload-photo/", form, format="multipart")


def stored_photo(student: dict[str, Any]) -> bytes:
    photo = StudentPhoto.objects.of_profile().get(student=student["id"], replaced_at=None)
    return storage_for().read(str(photo.file), max_bytes=10**8)


def codes(answer: Any) -> list[str]:
    return [one["code"] for one in answer.json()["findings"]]


def test_a_stored_photo_that_names_another_stops(api: Any, ada: Any, bea: Any, each_storage: str) -> None:
    data, before = stored_photo(ada), everything()
    refused = hand_in(api, bea["id"], data)
    assert (refused.status_code, refused.json()["code"]) == (409, "names_another"), refused.content
    assert codes(refused) == ["names_another", "is_anothers"]
    assert {one["student"] for one in refused.json()["findings"]} == {ada["student_id"]}
    assert "Ada" in refused.json()["detail"]
    assert everything() == before, "nothing was changed"


def test_an_old_photo_names_its_student_also_after_that_one_has_another(api: Any, ada: Any, bea: Any) -> None:
    data = stored_photo(ada)
    assert hand_in(api, ada["id"], face(3)).status_code == 200
    assert codes(hand_in(api, bea["id"], data)) == ["names_another"]


def test_a_photo_from_before_a_reseed_is_known_by_the_number(api: Any, ada: Any, bea: Any) -> None:
    """The id inside is nobody's by now, and the number says whose it is."""
    data = stored_photo(ada)
    Student.objects.filter(pk=ada["id"]).delete()
    again = enrol(api, "Ada", student_number="S-1")
    assert codes(hand_in(api, bea["id"], data)) == ["names_another"]
    assert hand_in(api, again["id"], data).status_code == 200


def test_the_same_file_and_the_same_pixels_stop(api: Any, ada: Any, bea: Any) -> None:
    assert codes(hand_in(api, bea["id"], face(1))) == ["is_anothers"]
    picture = portrait(4, 300, 400)
    enrol(api, "Cem", photo=saved(picture, "PNG"), filename="a.png")
    assert codes(hand_in(api, bea["id"], saved(picture, "WEBP", lossless=True), "a.webp")) == ["is_anothers"]


def test_what_a_person_confirms_is_done_and_audited(api: Any, ada: Any, bea: Any) -> None:
    data = stored_photo(ada)
    assert hand_in(api, bea["id"], data, confirm="is_anothers").status_code == 409, "one of two"
    assert hand_in(api, bea["id"], data, confirm="is_anothers, names_another").status_code == 200
    said = AuditEntry.objects.filter(action="photo.confirm").values_list("code", "subject")
    subject = f"student {bea['student_id']}"
    assert sorted(said) == [("is_anothers", subject), ("names_another", subject)]


def test_a_former_photo_of_another_and_a_number_in_the_name_warn(api: Any, ada: Any, bea: Any) -> None:
    assert hand_in(api, ada["id"], face(3)).status_code == 200
    answer = hand_in(api, bea["id"], face(1), "S-1.jpg")
    assert answer.status_code == 200
    assert [one["code"] for one in answer.json()["warnings"]] == ["was_anothers", "number_of_another"]
    assert hand_in(api, bea["id"], face(5), "S-2.jpg").json()["warnings"] == []


def test_adding_and_changing_a_student_ask_as_well(api: Any, ada: Any) -> None:
    photo = {"name": "Cem", "profile_photo": file_of(face(1))}
    before = everything()
    refused = api.post("/api/students/", photo, format="multipart")
    assert (refused.status_code, codes(refused)) == (409, ["is_anothers"])
    assert everything() == before, "neither student nor photo"
    bea = enrol(api, "Bea")
    for call in (api.put, api.patch):
        form = {"name": "Beatrice", "profile_photo": file_of(face(1))}
        refused = call(f"/api/students/{bea['id']}/", form, format="multipart")
        assert (refused.status_code, codes(refused)) == (409, ["is_anothers"])
    assert Student.objects.get(pk=bea["id"]).name == "Bea"
    form = {"name": "Beatrice", "profile_photo": file_of(face(1)), "confirm": "is_anothers"}
    assert api.patch(f"/api/students/{bea['id']}/", form, format="multipart").status_code == 200


def test_attendance_photos_ask_as_well(api: Any, ada: Any, bea: Any) -> None:
    form = {"date": "2026-11-20", "session": "AM"}
    address = f"/api/students/{bea['id']}/attendance-photos/"
    refused = api.post(address, {**form, "image": file_of(face(1))}, format="multipart")
    assert (refused.status_code, codes(refused)) == (409, ["is_anothers"])
    sent = api.post(
        address, {**form, "image": file_of(face(1)), "confirm": "is_anothers"}, format="multipart"
    )
    assert (sent.status_code, sent.json()["warnings"]) == (201, [])


def test_an_earlier_version_that_is_anothers_by_now(api: Any, ada: Any, bea: Any) -> None:
    """The mistake was undone, and must not come back by the history."""
    first = Student.objects.get(pk=ada["id"]).photo_sha256
    hand_in(api, ada["id"], face(3))
    hand_in(api, bea["id"], face(1))
    address = f"/api/students/{ada['id']}/photo-history/{first}/restore/"
    refused = api.post(address)
    assert (refused.status_code, codes(refused)) == (409, ["is_anothers"])
    assert api.post(address, {"confirm": "is_anothers"}).status_code == 200


def test_who_may_not_see_students_is_not_told_whose_it_is(ada: Any, bea: Any) -> None:
    mia = make_person("mia", "change_student", is_staff=True)
    refused = hand_in(client_of(mia), bea["id"], face(1))
    assert refused.json()["findings"][0]["student"] is None


def test_the_admin_shows_both_faces_and_a_box_to_tick(api: Any, ada: Any, bea: Any) -> None:
    staff = Client()
    staff.force_login(make_person("dora", "view_student", "change_student", is_staff=True))
    page = f"/admin/students/student/{bea['id']}/change/"
    form = {"name": "Bea", "student_number": "S-2", "status": "active"}
    shown = staff.post(page, {**form, "new_photo": file_of(face(1))})
    assert shown.status_code == 200
    assert (
        b"the photo of another student: Ada" in shown.content and b"data:image/webp;base64," in shown.content
    )
    assert b'type="checkbox" name="confirm"' in shown.content.replace(b"\n", b"")
    assert AuditEntry.objects.filter(outcome="refused", code="is_anothers").exists()
    done = staff.post(page, {**form, "new_photo": file_of(face(1)), "confirm": "on"})
    assert done.status_code == 302
    assert Student.objects.get(pk=bea["id"]).photo_sha256 != bea.get("photo_sha256")
    assert StudentPhoto.objects.filter(student=bea["id"]).count() == 2


def test_the_admin_asks_before_it_restores_what_is_anothers_by_now(api: Any, ada: Any, bea: Any) -> None:
    earlier = Student.objects.get(pk=ada["id"]).photo_sha256
    assert hand_in(api, ada["id"], face(3)).status_code == 200
    assert hand_in(api, bea["id"], face(1), confirm="was_anothers").status_code == 200
    staff = Client()
    staff.force_login(make_person("root", is_staff=True, is_superuser=True))
    page = f"/admin/students/student/{ada['id']}/photo/{earlier}/restore/"
    asked = staff.post(page)
    assert asked.status_code == 200
    assert "The same picture is the photo of another student: Bea." in asked.content.decode()
    assert Student.objects.get(pk=ada["id"]).photo_sha256 != earlier
    assert staff.post(page, {"confirm": "yes"}).status_code == 302
    assert Student.objects.get(pk=ada["id"]).photo_sha256 == earlier


def test_different_portraits_give_no_alarm(api: Any) -> None:
    for number in range(12):
        made = enrol(api, f"Child {number}", student_number=f"N-{number}")
        answer = hand_in(api, made["id"], face(100 + number), f"N-{number}.jpg")
        assert (answer.status_code, answer.json()["warnings"]) == (200, [])


@pytest.mark.exhaustive
@pytest.mark.timeout(900)
def test_five_thousand_drawn_portraits_give_no_alarm(db: None) -> None:
    count = 5_000
    children = Student.objects.bulk_create(
        Student(name=f"Child {n}", student_number=f"N-{n}") for n in range(count)
    )
    photos = []
    for number, child in enumerate(children):
        incoming = take_in(face(number, width=120, height=160), filename=f"N-{number}.jpg", origin="api")
        photos.append(new_version(child, incoming, Actor("", "olga", "api")).photo)
    StudentPhoto.objects.bulk_create(photos)
    assert not [one for one in photos if findings(one.student, looks_of(one))]
    assert not list(shared_photos())
    assert findings(children[1], looks_of(photos[0])), "the same picture would be noticed"


def test_verify_media_names_pictures_on_two_students_and_shifted_runs(api: Any, ada: Any, bea: Any) -> None:
    """They are told, with the next step; a person may have confirmed them, so all may be well."""
    code, said = run("verify_media")
    assert (code, said["shared"], said["counts"]["shared"]) == (0, [], 0)
    data = stored_photo(ada)
    assert hand_in(api, bea["id"], data, confirm="is_anothers,names_another").status_code == 200
    children = [enrol(api, f"Child {number}", student_number=f"N-{number}") for number in range(5)]
    for child, number in zip(children[:3], (1, 2, 3), strict=True):
        assert hand_in(api, child["id"], face(10 + number), f"N-{number}.jpg").status_code == 200
    code, said = run("verify_media")
    assert code == 0
    twice, shifted = said["shared"]
    assert twice == f"Ada (ID {ada['id']}), Bea (ID {bea['id']})"
    assert shifted == ", ".join(f"Child {number} (ID {children[number]['id']})" for number in range(4))
    out = commands.run("verify_media")[1]
    assert "the same picture is the photo of 2 students" in out and "swap_photos" in out
    assert "3 photos in a row came in under the number of the next one" in out
    assert run("verify_media", "--repair")[1]["repaired"] == 0


def test_an_assignment_of_anothers_picture_asks_as_well(api: Any, ada: Any, bea: Any) -> None:
    """Of the same pixels; that the same bytes are recorded for somebody is evidence of its own."""
    picture = portrait(4, 300, 400)
    enrol(api, "Cem", photo=saved(picture, "PNG"), filename="a.png")
    webp = saved(picture, "WEBP", lossless=True)
    storage_for().put("student_photos/x.webp", webp, content_type="image/webp")
    before = everything()
    code, said = run("match_profile_photos", "assign", str(bea["id"]), "x.webp")
    assert (code, said["code"]) == (2, "is_anothers"), said
    assert "Cem" in said["error"] and "--confirm is_anothers" in said["error"]
    assert everything() == before
    confirmed = ("match_profile_photos", "assign", str(bea["id"]), "x.webp", "--confirm", "is_anothers")
    assert run(*confirmed)[0] == 0
    assert AuditEntry.objects.filter(action="photo.confirm", code="is_anothers").exists()


def shared_figure(client: Client) -> tuple[str, bool] | None:
    """How many pictures are on two students, and whether somebody has to look."""
    page = client.get("/admin/").content.decode()
    found = re.search(
        r"<li([^>]*)><a[^>]*>\s*<span[^>]*>Pictures on two students</span>\s*<strong>(\d+)", page
    )
    return (found[2], "start-waits" in found[1]) if found else None


def test_the_start_page_of_the_admin_says_that_somebody_has_to_look(api: Any, ada: Any, bea: Any) -> None:
    staff, teacher = Client(), Client()
    staff.force_login(make_person("olga", "view_verification", is_staff=True))
    teacher.force_login(make_person("tim", "view_student", is_staff=True))
    assert shared_figure(staff) is None, "it was never looked for"
    run("verify_media")
    assert shared_figure(staff) == ("0", False)
    hand_in(api, bea["id"], face(1), confirm="is_anothers")
    run("verify_media")
    assert shared_figure(staff) == ("1", True)
    assert shared_figure(teacher) is None
