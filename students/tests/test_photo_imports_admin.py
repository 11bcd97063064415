"""The admin's pages of imported photos: who may, what a button does, and whose pictures are shown."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from photostore.storage import storage_for
from photostore.uploads.handler import MEGABYTE, LimitedUploadHandler
from students.models import Import
from students.tests.photo_zips import Imported, faces, pupil, shown_faces
from students.tests.school import face, hand_in
from testing.jobs import run_jobs
from testing.people import body_of, make_person

pytestmark = pytest.mark.django_db

PAGES = "/admin/students/student/photo-imports/"


@pytest.fixture
def office(alice: Any) -> Client:
    client = Client()
    client.force_login(alice, backend="profile_pictures.backends.ThrottledModelBackend")
    return client


@pytest.fixture
def batch(api: Any) -> Imported:
    pupil("Ada", "Byron", "11", class_name="3A"), pupil("Bea", "Curie", "22", class_name="3A")
    return Imported(api, faces("11.jpg", "who.jpg"))


def said(office: Client, batch: Imported, **form: Any) -> None:
    answer = office.post(f"{PAGES}{batch.id}/", form)
    assert answer.status_code == 302, answer.content


def test_a_preview_shows_problems_first_and_both_faces(office: Client, api: Any) -> None:
    hand_in(api, pupil("Ada", "Byron", "11").pk, face(9))
    batch = Imported(api, faces("11.jpg", "who.jpg"))
    page = office.get(f"{PAGES}{batch.id}/").content.decode()
    assert page.index("no known student") < page.index("replaces a photo")
    assert "who.jpg" in page
    assert "11.jpg" not in page
    page = office.get(f"{PAGES}{batch.id}/?state=replaces").content.decode()
    assert f"{PAGES}{batch.id}/1/today.jpg" in page
    for side in ("new", "small", "today"):
        assert body_of(office.get(f"{PAGES}{batch.id}/1/{side}.jpg"))
    assert office.get(f"{PAGES}{batch.id}/2/today.jpg").status_code == 404


def test_buttons_choose_leave_and_commit(office: Client, batch: Imported) -> None:
    said(office, batch, do="give:2", **{"whom-2": "22"})
    assert batch.rows["who.jpg"]["accepted"] is True
    said(office, batch, do="save", seen=["1", "2"], accepted=["2"])
    assert batch.rows["11.jpg"]["accepted"] is False
    said(office, batch, do="all", state="new")
    assert batch.rows["11.jpg"]["accepted"] is True
    said(office, batch, do="nobody:1")
    assert batch.rows["11.jpg"]["state"] == "staff"
    said(office, batch, do="commit")
    assert "1 student gets a first photo" in office.get(f"{PAGES}{batch.id}/commit/").content.decode()
    office.post(f"{PAGES}{batch.id}/commit/")
    run_jobs()
    assert shown_faces() == {"Bea Curie": "who.jpg"}
    assert "These photos are committed." in office.get(f"{PAGES}{batch.id}/").content.decode()


@pytest.mark.parametrize("typed", ["", "nobody of this name", "C", "#999999"])
def test_whom_nobody_can_tell_is_asked_again(office: Client, batch: Imported, typed: str) -> None:
    pupil("Cora", "Curie", "33")
    office.post(f"{PAGES}{batch.id}/", {"do": "give:2", "whom-2": typed})
    assert batch.rows["who.jpg"]["student"] is None


def test_typing_finds_students(office: Client, batch: Imported) -> None:
    found = office.get(f"{PAGES}find/?q=cur").json()["students"]
    assert [one["text"].rpartition(" #")[0] for one in found] == ["Bea Curie, 3A, 22"]
    assert office.get(f"{PAGES}find/?q=").json() == {"students": []}


def test_only_who_may_import_sees_anything(batch: Imported, vera: Any) -> None:
    looks = make_person("lena", "view_student", "view_import", is_staff=True)
    for person, seen in ((vera, 403), (looks, 200)):
        client = Client()
        client.force_login(person, backend="profile_pictures.backends.ThrottledModelBackend")
        for page in ("", f"{batch.id}/", f"{batch.id}/1/small.jpg", "find/?q=a"):
            answer = client.get(PAGES + page)
            assert answer.status_code == seen, page
            assert body_of(answer) is not None
        for page in ("", f"{batch.id}/", f"{batch.id}/commit/", f"{batch.id}/discard/"):
            assert client.post(PAGES + page, {"do": "nobody:1"}).status_code == 403
    assert Client().get(f"{PAGES}{batch.id}/").status_code == 302
    assert Import.objects.get().state == Import.State.READY


def test_the_list_of_all_imports_leads_to_its_page(office: Client, batch: Imported) -> None:
    answer = office.get(f"/admin/students/import/{batch.id}/change/")
    assert answer["Location"] == f"{PAGES}{batch.id}/"


def test_what_a_stranger_sends_is_not_written(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []
    monkeypatch.setattr(LimitedUploadHandler, "_write", lambda _self, data: written.append(len(data)))
    monkeypatch.setattr(type(storage_for()), "scratch", lambda _self: pytest.fail("on the disk"))
    client = Client(enforce_csrf_checks=True)
    client.cookies[settings.CSRF_COOKIE_NAME] = "a" * 32  # anybody can, and then the form is read
    for size, status in ((22 * MEGABYTE, 413), (MEGABYTE, 403)):
        answer = client.post(PAGES, {"files": SimpleUploadedFile("a.zip", bytes(size))})
        assert answer.status_code == status
        assert sum(written) == (0 if status == 413 else size)


def test_no_row_has_a_number_of_many_digits(office: Client, batch: Imported) -> None:
    for many in ("9" * 12, "9" * 5000):
        said(office, batch, do=f"leave:{many}", seen=many, accepted=many)


def test_discarding_on_the_page(office: Client, batch: Imported) -> None:
    office.post(f"{PAGES}{batch.id}/discard/")
    assert Import.objects.get().state == Import.State.DISCARDED
