"""What an import could not match, by eye: the rows of it as a source, and one commit of the whole import."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from photostore.errors import Conflict
from photostore.tests.inventory_files import run
from students.by_eye.imported import ImportedPhotos
from students.models import Import, ImportRow, StagedMatch, Student, StudentPhoto
from students.tests.commands import OPERATOR
from students.tests.photo_zips import Imported, pupil, shown_faces
from students.tests.reseeding import undo_last
from students.tests.school import face, hand_in
from testing.jobs import run_jobs
from testing.people import body_of

pytestmark = pytest.mark.django_db
FIELDS = ("state", "student_id", "evidence", "findings", "accepted", "current_sha256", "data")


class Page:
    """The pages of one import, as somebody uses them."""

    def __init__(self, user: Any, batch: Imported) -> None:
        self.batch, self.client = batch, Client()
        self.client.force_login(user)

    def at(self, name: str = "by_eye") -> str:
        return reverse(f"admin:students_{name}", args=[self.batch.id])

    def shown(self, name: str = "by_eye", **query: str) -> str:
        return self.client.get(self.at(name), query).content.decode()

    def row(self, file: str) -> ImportRow:
        return ImportRow.objects.get(batch=self.batch.id, file=file)

    def pick(self, file: str, said: Any, **other: Any) -> tuple[int, str]:
        row = self.row(file)
        body = {"token": row.n, "seen": row.staged_sha256, "student": said, **other}
        answer = self.client.post(self.at("by_eye_pick"), body, headers={"Accept": "application/json"})
        return answer.status_code, answer.content.decode()

    def commit(self, **body: Any) -> str:
        answer = self.client.post(self.at("by_eye_commit"), body, follow=True)
        run_jobs()
        return answer.content.decode()


@pytest.fixture
def ada(db: None) -> Student:
    return pupil("Ada", "Byron", "0123", class_name="8A")


@pytest.fixture
def page(api: Any, alice: Any, ada: Student) -> Page:
    """Of four photos one is Ada's for certain; two who are called Bea Curie; one more is somebody's."""
    pupil("Bea", "Curie", "77"), pupil("Bea", "Curie", "78")
    pupil("Cleo", "Doe", "79", class_name="8A")
    files = {"IMG_2.jpg": face(2), "0123.jpg": face(1), "Curie_Bea.jpg": face(3), "IMG_10.jpg": face(4)}
    return Page(alice, Imported(api, files))


def test_what_is_not_certain_is_shown_between_all_its_neighbours(page: Page) -> None:
    shown = page.shown()
    assert shown.count('class="eye-item"') == 3
    assert shown.index("IMG_2.jpg") < shown.index("IMG_10.jpg")
    # The two namesakes are cards, with the reason; a neighbour that is known has a name.
    assert shown.count('data-name="Bea Curie"') == 2
    assert "The file is called “Curie_Bea”." in shown
    assert ">Ada Byron</span>" in shown
    n = page.row("IMG_2.jpg").n
    for query in ({"token": n}, {"token": n, "small": 1}):
        assert body_of(page.client.get(page.at("by_eye_picture"), query))
    # Who has a photo of this import is not found.
    assert "Ada" not in page.shown("by_eye_search", q="ada")
    assert "Cleo Doe" in page.shown("by_eye_search", **{"class": "8A"})


def test_picks_and_what_was_certain_are_one_operation(page: Page, ada: Student) -> None:
    cleo, bea = Student.objects.get(name="Cleo Doe"), Student.objects.get(student_number="78")
    assert page.pick("IMG_2.jpg", cleo.pk) == (204, "")
    assert page.pick("Curie_Bea.jpg", bea.pk) == (204, "")
    assert page.pick("IMG_10.jpg", "nobody") == (204, "")
    assert not StudentPhoto.objects.exists()
    shown = page.shown("by_eye_picks")
    assert "Yes, assign these 2 photos to these students" in shown
    assert "3 photos are being assigned." in page.commit()
    assert shown_faces() == {"Ada Byron": "0123.jpg", "Cleo Doe": "IMG_2.jpg", "Bea Curie": "Curie_Bea.jpg"}
    assert StudentPhoto.objects.filter(student=bea).exists()
    assert not undo_last().skipped
    assert shown_faces() == {}


def test_a_pick_that_is_taken_back_leaves_the_row_as_it_was(page: Page) -> None:
    before = ImportRow.objects.filter(file="Curie_Bea.jpg").values(*FIELDS).get()
    for said in (
        Student.objects.get(student_number="77").pk,
        "nobody",
        Student.objects.get(name="Cleo Doe").pk,
    ):
        assert page.pick("Curie_Bea.jpg", said)[0] == 204
        assert page.shown().count('data-name="Bea Curie"') == 2, "the cards stay, whatever was said"
    assert page.pick("Curie_Bea.jpg", "")[0] == 204
    after = ImportRow.objects.filter(file="Curie_Bea.jpg").values(*FIELDS).get()
    assert {name: after[name] for name in FIELDS if name != "data"} == {
        name: before[name] for name in FIELDS if name != "data"
    }


def test_a_student_gets_one_photo_of_an_import(page: Page, ada: Student) -> None:
    assert page.pick("IMG_2.jpg", ada.pk) == (409, "Another picture was chosen for this student.")
    assert page.row("IMG_2.jpg").state == "unknown"
    assert page.pick("0123.jpg", ada.pk)[0] == 409, "what is certain is not asked about"
    assert page.pick("IMG_2.jpg", ada.pk, seen="0" * 64)[0] == 409
    assert page.row("0123.jpg").student_id == ada.pk


def test_what_speaks_against_a_pick_is_confirmed_before_the_commit(api: Any, page: Page) -> None:
    cleo, dora = Student.objects.get(name="Cleo Doe"), pupil("Dora", "Eco", "80")
    hand_in(api, dora.pk, face(4))
    assert page.pick("IMG_10.jpg", cleo.pk) == (204, "")
    shown = page.commit()
    assert "The same picture is the photo of another student: Dora Eco." in shown
    assert "This is right all the same." in shown
    assert set(shown_faces()) == {"Dora Eco"}
    tick = f"{page.row('IMG_10.jpg').staged_sha256}:{cleo.pk}"
    assert f'value="{tick}"' in shown
    # Meanwhile somebody else says that it is Bea: nobody has ticked that this is right.
    bea = Student.objects.get(student_number="78")
    assert page.pick("IMG_10.jpg", bea.pk) == (204, "")
    assert "This is right all the same." in page.commit(confirm=tick)
    assert set(shown_faces()) == {"Dora Eco"}
    assert page.pick("IMG_10.jpg", cleo.pk) == (204, "")
    assert "2 photos are being assigned." in page.commit(confirm=tick)
    assert shown_faces()["Cleo Doe"] == "IMG_10.jpg"


def test_two_pictures_of_one_student_are_chosen_from(api: Any, alice: Any, ada: Student) -> None:
    page = Page(alice, Imported(api, {"0123.jpg": face(1), "0123 (1).jpg": face(2)}))
    assert page.batch.states == {"0123.jpg": "two_for_one", "0123 (1).jpg": "two_for_one"}
    assert page.pick("0123 (1).jpg", ada.pk)[0] == 204
    page.commit()
    assert shown_faces() == {"Ada Byron": "0123 (1).jpg"}


def test_a_row_as_it_was_is_not_accepted_beside_another_of_its_student(
    api: Any, alice: Any, ada: Student
) -> None:
    page = Page(alice, Imported(api, {"0123.jpg": face(1), "IMG_2.jpg": face(2)}))
    row = page.row("0123.jpg")
    row.data["before_by_eye"] = {name: getattr(row, name) for name in FIELDS if name != "data"}
    row.accepted = False
    row.save()
    assert page.pick("IMG_2.jpg", ada.pk) == (204, "")
    assert page.pick("0123.jpg", "") == (204, "")
    assert (page.row("0123.jpg").student_id, page.row("0123.jpg").accepted) == (ada.pk, False)
    assert page.pick("IMG_2.jpg", "") == (204, "")
    assert not ImportRow.objects.filter(accepted=True).exists()


def test_after_somebody_began_the_commit_nothing_is_said(page: Page) -> None:
    source, row = ImportedPhotos(UUID(page.batch.id)), page.row("IMG_2.jpg")
    photo = str(row.n), row.staged_sha256 or ""
    page.commit()
    with pytest.raises(Conflict):
        source.stage(*photo, None, OPERATOR)
    source = ImportedPhotos(UUID(page.batch.id))
    source.batch.state = Import.State.READY  # as it was when the page asked
    with pytest.raises(Conflict):
        source.unstage(*photo, OPERATOR)


def test_only_who_may_import_sees_and_says(page: Page, vera: Any, bob: Any) -> None:
    for user in (vera, bob):
        stranger = Page(user, page.batch)
        for name in ("by_eye", "by_eye_picture", "by_eye_search", "by_eye_picks"):
            assert stranger.client.get(stranger.at(name), {"token": 0}).status_code == 403
        assert stranger.pick("IMG_2.jpg", "nobody")[0] == 403
        assert stranger.client.post(stranger.at("by_eye_commit")).status_code == 403


def test_after_the_commit_nothing_is_asked(page: Page) -> None:
    page.commit()
    assert "eye-item" not in page.shown()
    assert page.pick("IMG_2.jpg", "nobody")[0] == 409
    assert page.client.get(page.at("by_eye_picture"), {"token": "x"}).status_code == 404
    assert page.client.get(page.at("by_eye_picture"), {"token": 99}).status_code == 404


def test_an_erased_student_is_no_candidate_any_more(page: Page) -> None:
    """Also where somebody has said already that it is somebody else."""
    first, second = Student.objects.filter(last_name="Curie").order_by("pk")
    assert page.pick("Curie_Bea.jpg", second.pk)[0] == 204
    unowned = {"key": "student_photos/Bea.jpg", "said_by": "alice", "student_id": first.student_id}
    StagedMatch.objects.create(sha256="0" * 64, **unowned)
    assert run("erase_student", str(first.pk), "--confirm")[0] == 0
    assert not StagedMatch.objects.exists()
    row = page.row("Curie_Bea.jpg")
    assert f'"student": {first.pk},' not in json.dumps([row.data, row.evidence])
    assert page.pick("Curie_Bea.jpg", "")[0] == 204
    assert page.shown().count('data-name="Bea Curie"') == 1
