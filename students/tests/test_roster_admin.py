"""A list of students in the admin: handed in, looked at, ticked, committed, undone."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from photostore.models import Operation
from students.models import Import, Student
from students.tests.rosters import OFFICE, by_number, listed, pupil, school
from testing.jobs import run_jobs
from testing.people import make_person

pytestmark = pytest.mark.django_db(transaction=True)
UPLOAD = "/admin/students/import/students/"


def signed_in(*permissions: str, name: str = "olga") -> Client:
    client = Client()
    client.force_login(
        make_person(name, *permissions, is_staff=True),
        backend="profile_pictures.backends.ThrottledModelBackend",
    )
    return client


@pytest.fixture
def pages(db: None) -> Client:
    return signed_in(*OFFICE)


def hand_in(client: Client, content: bytes) -> str:
    answer = client.post(UPLOAD, {"file": SimpleUploadedFile("students.csv", content)})
    assert answer.status_code == 302, answer.content
    run_jobs()
    return str(answer["Location"])


def page(client: Client, place: str, **query: str) -> str:
    run_jobs()
    answer = client.get(place, query, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def ticked() -> list[int]:
    return [row.n for row in Import.objects.get().rows.filter(accepted=True).order_by("n")]


def test_from_file_to_undo(pages: Client) -> None:
    pupil("1", "Ada", "Lovelace", "4a")
    pupil("9", "Zoe", "Missing")
    before = school()
    assert "No list was uploaded" in page(pages, UPLOAD)
    place = hand_in(pages, listed("1;Lovelace;Ada;4b", "2;New;Gus;4b", "3;;;"))
    seen = page(pages, place)
    # Problem rows first.
    assert 'aria-current="page">cannot be read <strong>1</strong>' in seen
    assert "The row has no name." in seen
    assert "1 student is added, 1 is changed" in seen or "1 is changed, 1 student is added" in seen
    changed = page(pages, place, state="changed")
    assert "class: <del>4a</del>" in changed
    assert school() == before
    # Zoe is ticked, and that goes with the button that goes on.
    (zoe,) = Import.objects.get().rows.filter(state="missing")
    answer = pages.post(place, {"state": "missing", "seen": zoe.n, "accepted": zoe.n, "do": "commit"})
    assert answer["Location"] == f"{place}commit/"
    question = page(pages, f"{place}commit/")
    assert "1 is marked as left" in question
    assert "1 student would be marked as left, more than 30 % of the school." in question
    assert (
        "Type the number if it is right." in pages.post(f"{place}commit/", {}, follow=True).content.decode()
    )
    assert school() == before
    assert pages.post(f"{place}commit/", {"confirm_left": "1"})["Location"] == place
    done = page(pages, place)
    assert "This list is committed." in done
    assert by_number() == {
        "1": ["Ada Lovelace", "4b", "active"],
        "2": ["Gus New", "4b", "active"],
        "9": ["Zoe Missing", "4b", "left"],
    }
    undo = f"/admin/photostore/operation/{Operation.objects.get().pk}/undo/"
    assert undo in done
    assert pages.post(undo, {"confirmed": "yes"}).status_code == 302
    assert school() == before
    assert "It was undone." in page(pages, place)


def test_ticks_are_kept_and_all_or_none_of_a_tab(pages: Client) -> None:
    place = hand_in(pages, listed("1;Lovelace;Ada;4b", "2;Good;Bea;4b"))
    pages.post(place, {"state": "new", "seen": [2, 3], "accepted": [3], "do": "save"})
    assert ticked() == [3]
    pages.post(place, {"state": "new", "seen": [2, 3], "accepted": [3], "do": "none"})
    assert ticked() == []
    assert "Nothing is selected" in page(pages, place)
    pages.post(place, {"state": "new", "seen": [2, 3], "do": "all"})
    assert ticked() == [2, 3]


def test_a_person_says_that_it_is_somebody_new_or_whom_it_is(pages: Client) -> None:
    ada, bea = pupil("1", "Ada", "Lovelace"), pupil("2", "Bea", "Good", "3a")
    place = hand_in(pages, listed("901;Lovelace;Ada;4b", "902;Good;Bea;4b"))
    assert "No, this is a new student" in page(pages, place)
    pages.post(place, {"state": "number_changed?", "seen": 2, "do": "new:2"})
    assert "This is Bea Good" in page(pages, place, state="new")
    pages.post(place, {"state": "new", "seen": [2, 3], "accepted": 2, "do": "is:3"})
    rows = Import.objects.get().rows.order_by("n").values_list("n", "state", "student", "accepted")
    assert list(rows) == [
        (2, "new", None, True),
        (3, "number_changed?", bea.pk, True),
        (5, "missing", ada.pk, False),
    ]


def test_no_row_has_a_number_of_many_digits(pages: Client) -> None:
    place = hand_in(pages, listed("1;Lovelace;Ada;4b"))
    for many in ("9" * 12, "9" * 5000):
        body = {"do": f"new:{many}", "seen": many, "accepted": many}
        assert pages.post(place, body).status_code == 302
        assert pages.post(f"{place}commit/", {"confirm_left": many}).status_code == 302


def test_columns_are_chosen_on_the_page(pages: Client) -> None:
    place = hand_in(pages, listed("1;Ada;Lovelace;4b", heading=""))
    assert "How the list was read" in page(pages, place)
    columns = {"column-0": "student_number", "column-1": "first_name", "column-2": "last_name"}
    pages.post(place, {**columns, "charset": "utf-8", "delimiter": ";", "do": "read"})
    run_jobs()
    assert Import.objects.get().rows.get().data["first_name"] == "Ada"
    pages.post(place, {**columns, "charset": "utf-8", "delimiter": "|", "do": "read"})
    assert "The row has no name." in page(pages, place)


def test_what_cannot_be_read_says_why_and_is_discarded(pages: Client) -> None:
    place = hand_in(pages, b"one word")
    assert "This file is not a list that can be read." in page(pages, place)
    answer = pages.post(f"{place}discard/", follow=True).content.decode()
    assert "The list was discarded; nothing was changed." in answer
    assert Import.objects.get().state == "discarded"
    assert pages.get(f"{place}commit/").status_code == 302


def test_after_the_commit_what_stayed_comes_first(pages: Client) -> None:
    pupil("1", "Ada", "Lovelace", "4a")
    place = hand_in(pages, listed("1;Lovelace;Ada;4b"))
    Student.objects.update(class_name="4x")
    pages.post(f"{place}commit/", {})
    done = page(pages, place)
    assert 'aria-current="page">left as it was <strong>1</strong>' in done
    assert "The student was changed since." in done


def test_the_pages_are_for_whoever_may(pages: Client) -> None:
    pupil("1", "Ada", "Lovelace")
    place = hand_in(pages, listed("2;New;Gus;4b"))
    looker = signed_in("view_student", "view_import", name="vic")
    assert "Gus" in page(looker, place)
    assert "Go on" not in page(looker, place)
    assert looker.post(place, {"do": "commit"}).status_code == 403
    assert looker.get(f"{place}commit/").status_code == 403
    assert looker.post(UPLOAD, {"file": SimpleUploadedFile("a.csv", b"1;2\n")}).status_code == 403
    nora = signed_in("view_student", "add_student", "change_student", name="nora")
    for address in (UPLOAD, place, f"{place}commit/", f"{UPLOAD}export.csv"):
        assert nora.get(address).status_code == 403
    assert "Import students" not in page(nora, "/admin/students/student/")
    assert "Import students" in page(pages, "/admin/students/student/")
    assert Client().get(place).status_code == 302
    missing = f"{UPLOAD}00000000-0000-4000-8000-000000000000/"
    assert pages.get(missing).status_code == 404


def test_the_list_as_a_file(pages: Client) -> None:
    pupil("1", "Ada", "Lovelace")
    answer = pages.get(f"{UPLOAD}export.csv")
    assert b"Ada Lovelace" in b"".join(answer.streaming_content)


def test_a_list_of_the_changelist_leads_to_its_page(pages: Client) -> None:
    place = hand_in(pages, listed("1;Lovelace;Ada;4b"))
    batch = Import.objects.get()
    assert pages.get(f"/admin/students/import/{batch.pk}/change/")["Location"] == place
    assert page(pages, "/admin/students/import/")


def test_while_it_is_committed_the_page_goes_on_by_itself(pages: Client) -> None:
    place = hand_in(pages, listed("1;Lovelace;Ada;4b", "2;Good;Bea;4b"))
    Import.objects.update(state="committing")
    seen = page(pages, place)
    assert '<meta http-equiv="refresh" content="2">' in seen
    assert "0 of 2 rows are done." in seen


def test_in_french(pages: Client) -> None:
    pupil("1", "Ada", "Lovelace", "4a")
    place = hand_in(pages, listed("1;Lovelace;Ada;4b", "2;New;Gus;4b", "3;;;"))
    for address in (UPLOAD, place, f"{place}?state=changed", f"{place}commit/"):
        text = pages.get(address, headers={"accept-language": "fr"}).content.decode()
        main = text[text.index('class="admin-') :]
        assert "Importer" in text or "illisible" in main or "élève ajouté" in main
        for english in ("student is", "Go on", "Look at it", "Read it", "This list", "row has no", "Tick"):
            assert english not in main, (address, english)
