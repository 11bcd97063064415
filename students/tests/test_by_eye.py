"""Matching by eye in the admin: what the page shows, what a pick stages, and one commit as one operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from photostore.models import AuditEntry, Operation
from photostore.storage import storage_for
from photostore.tests.inventory_files import run
from students.models import StagedMatch, Student
from students.recovery.reassign import by_eye
from students.tests.reseeding import links, tree, undo_last
from students.tests.school import enrol, face, likeness, saved
from testing.people import body_of
from testing.pictures import portrait

pytestmark = pytest.mark.django_db(transaction=True)
FILE, OTHER = "student_photos/S-17.jpg", "student_photos/IMG_2.jpg"


def at(name: str, *arguments: Any) -> str:
    return reverse(f"admin:students_{name}", args=arguments or ["unowned"])


@pytest.fixture
def ada(api: Any, each_storage: str) -> Student:
    """Without a photo; one unowned file is named by her number, of another nothing is known."""
    made = enrol(api, "Ada Lovelace", student_number="S-17", class_name="8A")
    for key, seed in ((FILE, 1), (OTHER, 2)):
        storage_for().put(key, face(seed), content_type="image/jpeg")
    storage_for().put("student_photos/.DS_Store", b"no photo", content_type="")
    return Student.objects.get(pk=made["id"])


def staff(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def seen() -> dict[str, str]:
    """The sha256 of each unowned file, as the page has it."""
    plan = by_eye.to_look_at(99)
    return {one.unowned_file.key: one.unowned_file.sha256 for one in plan.in_states(*plan.counts)}


def pick(client: Client, key: str, said: Any, **other: str) -> HttpResponse:
    body = {"token": key, "seen": seen().get(key, ""), "student": said} | other
    return client.post(at("by_eye_pick"), body, headers={"Accept": "application/json"})  # type: ignore[return-value]


def test_the_page_shows_each_photo_with_who_it_may_be(alice: Any, ada: Student) -> None:
    shown = staff(alice).get(at("by_eye")).content.decode()
    assert shown.count('class="eye-item"') == 2
    assert shown.index("IMG_2.jpg") < shown.index("S-17.jpg")
    assert "The file name is this student&#x27;s number." in shown
    assert f'value="{ada.pk}" data-name="Ada Lovelace"' in shown
    assert ".DS_Store" not in shown
    assert body_of(staff(alice).get(f"{at('by_eye_picture')}?token={FILE}")) == face(1)


def test_the_pages_speak_french(alice: Any, ada: Student) -> None:
    client = staff(alice)
    pick(client, OTHER, "nobody")
    french = {"Accept-Language": "fr"}
    shown = client.get(at("by_eye"), headers=french).content.decode()
    for sentence in (
        "est le numéro d",
        "Plus tard",
        "Tous les choix",
        "{name} : choisi.",
    ):
        assert sentence in shown
    picks = client.get(at("by_eye_picks"), headers=french).content.decode()
    assert "Pas un élève" in picks
    assert "Demander de nouveau" in picks


def test_picks_are_staged_and_given_as_one_operation(alice: Any, api: Any, ada: Student) -> None:
    bea = Student.objects.get(pk=enrol(api, "Bea", photo=face(3))["id"])
    before, client = (tree(), links()), staff(alice)
    assert pick(client, FILE, ada.pk).status_code == 204
    assert pick(client, OTHER, bea.pk).status_code == 204
    assert (tree(), links()) == before
    shown = client.get(at("by_eye_picks")).content.decode()
    assert "Ada Lovelace" in shown
    assert "Yes, assign these 2 photos to these students" in shown
    answer = client.post(at("by_eye_commit"), follow=True)
    assert "2 photos were assigned." in answer.content.decode()
    for student, seed in ((ada, 1), (bea, 2)):
        photo = body_of(api.get(f"/api/photos/students/{student.student_id}/profile.jpg"))
        assert likeness(photo, face(seed)) < 6
    assert Operation.objects.filter(command="match_profile_photos").count() == 1
    assert not StagedMatch.objects.exists()
    assert not undo_last().skipped
    assert (tree(), links()) == before


def test_a_pick_is_taken_back_and_nobody_is_not_asked_again(alice: Any, ada: Student) -> None:
    client = staff(alice)
    pick(client, FILE, ada.pk)
    assert pick(client, FILE, "").status_code == 204
    assert not StagedMatch.objects.exists()
    pick(client, OTHER, "nobody")
    assert OTHER not in client.get(at("by_eye")).content.decode()
    assert "Ask again" in client.get(at("by_eye_picks")).content.decode()
    client.post(at("by_eye_commit"))
    assert not Operation.objects.exists()
    # Another picture under the name is another question.
    storage_for().put(OTHER, face(7), content_type="image/jpeg")
    assert OTHER in client.get(at("by_eye")).content.decode()


def test_two_pictures_of_one_student_are_refused(alice: Any, ada: Student) -> None:
    client = staff(alice)
    pick(client, FILE, ada.pk)
    answer = pick(client, OTHER, ada.pk)
    assert (answer.status_code, answer.content) == (409, b"Another picture was chosen for this student.")
    assert [match.key for match in StagedMatch.objects.all()] == [FILE]
    search = client.get(at("by_eye_search"), {"q": "ada"}).content.decode()
    assert "Ada" not in search


def test_no_picture_has_such_a_sha256(alice: Any, ada: Student) -> None:
    for odd in ("", "0" * 65, "\0", "z" * 64):
        assert pick(staff(alice), FILE, ada.pk, seen=odd).status_code == 409
        assert pick(staff(alice), FILE, "", seen=odd).status_code == 204
    assert not StagedMatch.objects.exists()


def changed(ada: Student) -> None:
    storage_for().put(FILE, face(9), content_type="image/jpeg")


def gone(ada: Student) -> None:
    Student.objects.filter(pk=ada.pk).delete()


def given_by_hand(ada: Student) -> None:
    assert run("match_profile_photos", "assign", str(ada.pk), FILE)[0] == 0


@pytest.mark.parametrize(
    ("since", "why"),
    [
        (changed, "is another file by now"),
        (gone, "This student no longer exists."),
        (given_by_hand, "There is no file"),
    ],
)
def test_what_changed_since_the_pick_stays_and_says_so(
    alice: Any, ada: Student, since: Callable[[Student], None], why: str
) -> None:
    client = staff(alice)
    pick(client, FILE, ada.pk)
    since(ada)
    before = tree(), links()
    answer = client.post(at("by_eye_commit"), follow=True).content.decode()
    assert why in answer
    assert (tree(), links()) == before
    assert StagedMatch.objects.count() == 1
    assert AuditEntry.objects.filter(outcome="refused", action="by_eye.commit").exists()


def test_anothers_picture_is_given_only_if_it_is_right_all_the_same(
    alice: Any, api: Any, ada: Student
) -> None:
    # The same pixels in another file, so that the bytes themselves say nothing.
    one, other = (saved(portrait(2, 300, 400), "PNG", compress_level=level) for level in (1, 9))
    assert one != other
    enrol(api, "Twin", photo=one)
    storage_for().put(OTHER, other, content_type="image/png")
    client = staff(alice)
    pick(client, FILE, ada.pk)
    bea = enrol(api, "Bea")["id"]
    pick(client, OTHER, bea)
    sha256 = seen()[OTHER]
    shown = client.post(at("by_eye_commit")).content.decode()
    assert "This is right all the same." in shown
    assert list(Student.objects.with_photo().values_list("name", flat=True).order_by("name")) == [
        "Ada Lovelace",
        "Twin",
    ]
    # What was ticked for another student is no word about who is picked by now.
    assert f'value="{sha256}:{bea}"' in shown
    for other in (f"{sha256}:{ada.pk}", sha256, f"{sha256}:x"):
        client.post(at("by_eye_commit"), {"confirm": other})
    assert not Student.objects.get(pk=bea).profile_photo
    client.post(at("by_eye_commit"), {"confirm": f"{sha256}:{bea}"})
    assert Student.objects.get(pk=bea).profile_photo


def test_search_finds_those_without_a_photo_first(alice: Any, api: Any, ada: Student) -> None:
    enrol(api, "Ada Byron", class_name="8A", photo=face(5))
    enrol(api, "Bea Ada", class_name="9B")

    def found(**query: str) -> list[str]:
        shown = staff(alice).get(at("by_eye_search"), query).content.decode()
        return [part.split('"')[0] for part in shown.split('data-name="')[1:]]

    assert found(q="ada") == ["Ada Lovelace", "Bea Ada", "Ada Byron"]
    assert found(q="ada", **{"class": "8A"}) == ["Ada Lovelace", "Ada Byron"]
    assert found(q="s-17") == ["Ada Lovelace"]
    assert found(**{"class": "9B"}) == ["Bea Ada"]
    assert found() == []


def test_a_students_face_has_an_address_that_does_not_expire(
    alice: Any, bob: Any, api: Any, ada: Student
) -> None:
    bea = enrol(api, "Bea", photo=face(3))["id"]
    client = staff(alice)
    link = client.get(at("face", bea))
    assert link.status_code == 302
    assert body_of(client.get(link["Location"]))
    assert client.get(at("face", ada.pk)).status_code == 404
    assert client.get(at("face", 2**62)).status_code == 404
    assert staff(bob).get(at("face", bea)).status_code == 403


def test_whoever_may_only_look_is_asked_nothing(vera: Any, bob: Any, ada: Student) -> None:
    shown = staff(vera).get(at("by_eye")).content.decode()
    assert "IMG_2.jpg" in shown
    assert "data-cards" not in shown
    assert pick(staff(vera), FILE, ada.pk).status_code == 403
    assert staff(vera).post(at("by_eye_commit")).status_code == 403
    for name in ("by_eye", "by_eye_picture", "by_eye_search", "by_eye_picks"):
        assert staff(bob).get(f"{at(name)}?token={FILE}&q=ada").status_code == 403
    assert not StagedMatch.objects.exists()


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "profile_pictures/1/a.jpg", "student_photos/no.jpg"])
def test_only_unowned_files_of_students_are_shown_and_picked(alice: Any, ada: Student, key: str) -> None:
    client = staff(alice)
    assert client.get(at("by_eye_picture"), {"token": key}).status_code == 404
    assert pick(client, key, ada.pk, seen="0" * 64).status_code == 409
    assert not StagedMatch.objects.exists()


def test_a_students_own_photo_is_not_shown_by_its_key(alice: Any, api: Any, own_storage: None) -> None:
    made = enrol(api, "Grace Hopper", photo=face(3))
    assert staff(alice).get(at("by_eye_picture"), {"token": made["profile_photo"]}).status_code == 404


def test_nobody_who_is_not_here_is_picked(alice: Any, ada: Student) -> None:
    for said in (str(2**62), "x", "9" * 30, "-1"):
        assert pick(staff(alice), FILE, said).status_code == 409
    assert staff(alice).get(at("by_eye", "somewhere")).status_code == 404
