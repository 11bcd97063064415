"""Photos that are nobody's in the admin: the same plan as the commands', and a yes for one at a time."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from photostore.models import AuditEntry
from photostore.storage import storage_for
from photostore.tests.inventory_files import run
from students.models import Student
from students.tests.reseeding import links, tree, undo_last
from students.tests.school import enrol, face, likeness
from testing.people import body_of

pytestmark = pytest.mark.django_db(transaction=True)
PAGE, CONFIRM = "admin:students_proposals", "admin:students_proposal_yes"
FILE = "student_photos/S-17.jpg"


@pytest.fixture
def ada(api: Any, each_storage: str) -> Student:
    """Without a photo; an unowned file is named by her number."""
    made = enrol(api, "Ada Lovelace", student_number="S-17")
    storage_for().put(FILE, face(1), content_type="image/jpeg")
    storage_for().put("student_photos/nobody.jpg", face(2), content_type="image/jpeg")
    return Student.objects.get(pk=made["id"])


def staff(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def given(student: Student, **other: Any) -> dict[str, Any]:
    (suggested,) = [one for one in run("match_profile_photos", "suggest")[1]["suggestions"] if one["student"]]
    return {"key": suggested["key"], "sha256": suggested["sha256"], "student": student.pk} | other


def test_the_page_shows_what_the_commands_say(alice: Any, ada: Student) -> None:
    shown = staff(alice).get(reverse(PAGE)).content.decode()
    (suggested,) = [one for one in run("match_profile_photos", "suggest")[1]["suggestions"] if one["student"]]
    assert suggested["evidence"][0]["why"] in shown
    assert suggested["sha256"] in shown
    assert "Yes, this is Ada Lovelace" in shown
    assert "Of 1 more file nothing is known." in shown
    picture = f"{reverse('admin:students_unowned_picture')}?key={FILE}"
    assert body_of(staff(alice).get(picture)) == face(1)


def test_a_yes_gives_the_photo_and_undo_takes_it_back(alice: Any, api: Any, ada: Student) -> None:
    before = tree(), links()
    answer = staff(alice).post(reverse(CONFIRM), given(ada), follow=True)
    assert "This is now the photo of Ada Lovelace." in answer.content.decode()
    photo = body_of(api.get(f"/api/photos/students/{ada.student_id}/profile.jpg"))
    assert likeness(photo, face(1)) < 6
    assert not undo_last().skipped
    assert (tree(), links()) == before


def test_a_file_that_changed_since_is_refused_and_noted(alice: Any, ada: Student) -> None:
    proposal = given(ada)
    storage_for().put(FILE, face(9), content_type="image/jpeg")
    before = tree(), links()
    answer = staff(alice).post(reverse(CONFIRM), proposal, follow=True)
    assert "is another file by now" in answer.content.decode()
    assert (tree(), links()) == before
    row = AuditEntry.objects.get(outcome="refused")
    assert (row.action, row.code) == ("proposal.confirm", "changed_since")


def test_whoever_may_only_look_is_asked_nothing(vera: Any, bob: Any, ada: Student) -> None:
    shown = staff(vera).get(reverse(PAGE)).content.decode()
    assert "Ada Lovelace" in shown
    assert "Yes, this is" not in shown
    assert staff(vera).post(reverse(CONFIRM), given(ada)).status_code == 403
    picture = f"{reverse('admin:students_unowned_picture')}?key={FILE}"
    for address in (reverse(PAGE), picture):
        assert staff(bob).get(address).status_code == 403
    assert not Student.objects.with_photo().exists()


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "profile_pictures/1/a.jpg", "student_photos/no.jpg"])
def test_only_unowned_files_of_students_are_shown(alice: Any, ada: Student, key: str) -> None:
    address = f"{reverse('admin:students_unowned_picture')}?key={key}"
    assert staff(alice).get(address).status_code == 404


def test_a_students_own_photo_is_not_shown_by_its_key(alice: Any, api: Any, own_storage: None) -> None:
    made = enrol(api, "Grace Hopper", photo=face(3))
    address = f"{reverse('admin:students_unowned_picture')}?key={made['profile_photo']}"
    assert staff(alice).get(address).status_code == 404
