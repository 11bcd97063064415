"""Operations in the admin: who may look, what is shown, and an undo that asks first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from photostore.audit import Actor
from photostore.commands import one_at_a_time
from photostore.models import AuditEntry, Operation
from photostore.operations import run_operation
from photostore.operations.quarantine import sha256_of
from photostore.tests.inventory_files import keep, leave, run
from testing.kept import stored
from testing.people import body_of, make_person
from testing.pictures import portrait, saved

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "photos/students/0b4c4b52-6f6c-4d55-9a51-0d3a1a6f3f01/history/ada.jpg"


@pytest.fixture
def face() -> bytes:
    return saved(portrait(1, 60, 80), "JPEG")


@pytest.fixture
def operation(face: bytes) -> Operation:
    leave(KEY, face)
    with run_operation("cleanup_orphaned_photos", Actor("", "ada", "command")) as runner:
        details = {
            "storage_alias": "default",
            "key": KEY,
            "sha256": sha256_of("default", KEY),
            "byte_size": len(face),
        }
        runner.step("sweep_aside", subject=KEY, details=details)
    return runner.operation


def signed_in(name: str, *permissions: str, **values: Any) -> Client:
    client = Client()
    client.force_login(make_person(name, *permissions, **values))
    return client


@pytest.fixture
def alice(db: None) -> Client:
    return signed_in(
        "alice", "view_operation", "change_operation", "view_student", "change_student", is_staff=True
    )


@pytest.fixture
def vera(db: None) -> Client:
    return signed_in("vera", "view_operation", "view_student", is_staff=True)


def page(operation: Operation) -> str:
    return reverse("admin:photostore_operation_change", args=[operation.pk])


def undo_page(operation: Operation) -> str:
    return reverse("admin:photostore_operation_undo", args=[operation.pk])


def picture(operation: Operation, side: str) -> str:
    return reverse("admin:photostore_act_picture", args=[operation.pk, 1, side])


def status_of(client: Client, address: str) -> int:
    answer = client.get(address)
    body_of(answer)
    return answer.status_code


def test_the_list_shows_what_was_done(vera: Client, operation: Operation) -> None:
    shown = vera.get(reverse("admin:photostore_operation_changelist")).content.decode()
    assert "cleanup_orphaned_photos" in shown


def test_each_act_has_its_pictures(vera: Client, operation: Operation, face: bytes) -> None:
    shown = vera.get(page(operation)).content.decode()
    assert KEY in shown
    assert picture(operation, "before") in shown
    assert picture(operation, "after") not in shown
    answer = vera.get(picture(operation, "before"))
    assert body_of(answer) == face
    assert answer["Content-Type"] == "image/jpeg"
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert vera.get(picture(operation, "after")).status_code == 404
    assert vera.get(picture(operation, "beside")).status_code == 404


def test_what_is_no_picture_is_not_shown(vera: Client) -> None:
    leave(KEY, b"<script>alert(1)</script>")
    with run_operation("cleanup_orphaned_photos", Actor("", "ada", "command")) as runner:
        details = {
            "storage_alias": "default",
            "key": KEY,
            "sha256": sha256_of("default", KEY),
            "byte_size": 25,
        }
        runner.step("sweep_aside", subject=KEY, details=details)
    assert vera.get(picture(runner.operation, "before")).status_code == 404


@pytest.mark.parametrize("permissions", [[], ["view_student"]])
def test_without_the_permission_nothing_is_shown(operation: Operation, permissions: Any) -> None:
    bob = signed_in("bob", *permissions, is_staff=True)
    for address in (page(operation), undo_page(operation), picture(operation, "before")):
        assert bob.get(address).status_code == 403
    charlie = signed_in("charlie", "view_operation", "change_operation")
    assert charlie.get(picture(operation, "before")).status_code == 302  # to the sign-in


PICTURES = {
    "students": KEY,
    "people": "profile_pictures/7/0b4c4b52-6f6c-4d55-9a51-0d3a1a6f3f01.jpg",
    "images": "users/ada/images/gallery_1790000000000000.jpg",
    "media": "uploads/images/1/7/0b4c4b52-6f6c-4d55-9a51-0d3a1a6f3f01.jpg",
    "nobody": "renamed at random.jpg",
}
MORE = {
    "students": "student",
    "people": "profilepictureupload",
    "images": "userimage",
    "media": "mediafile",
}


@pytest.mark.parametrize(
    ("whose", "extra", "sees", "undoes"),
    [
        ("students", [], False, False),
        ("students", ["view_student"], True, False),
        ("students", ["change_student"], False, True),
        ("students", ["view_student", "change_student"], True, True),
        ("students", ["view_profilepictureupload", "change_profilepictureupload"], False, False),
        ("people", [], False, False),
        ("people", ["view_student", "change_student"], False, False),
        ("people", ["view_profilepictureupload"], True, False),
        ("people", ["view_profilepictureupload", "change_profilepictureupload"], True, True),
        ("images", ["view_mediafile", "change_mediafile"], False, False),
        ("images", ["view_userimage", "change_userimage"], True, True),
        ("media", ["view_userimage", "change_userimage"], False, False),
        ("media", ["view_mediafile"], True, False),
        ("media", ["view_mediafile", "change_mediafile"], True, True),
        ("nobody", ["view_student", "change_student"], False, False),
        ("nobody", ["view_profilepictureupload", "change_profilepictureupload"], False, False),
        (
            "nobody",
            [f"{may}_{model}" for may in ("view", "change") for model in MORE.values()],
            True,
            True,
        ),
    ],
)
def test_the_app_whose_picture_it_is_has_its_say(
    face: bytes, whose: str, extra: list[str], sees: bool, undoes: bool
) -> None:
    key = PICTURES[whose]
    leave(key, face)
    with run_operation("cleanup_orphaned_photos", Actor("", "ada", "command")) as runner:
        details = {
            "storage_alias": "default",
            "key": key,
            "sha256": sha256_of("default", key),
            "byte_size": len(face),
        }
        runner.step("sweep_aside", subject=key, details=details)
    operation = runner.operation
    dora = signed_in("dora", "view_operation", "change_operation", *extra, is_staff=True)
    shown = dora.get(page(operation)).content.decode()
    assert (picture(operation, "before") in shown, undo_page(operation) in shown) == (sees, undoes)
    assert (key in shown) == sees, "a name of a file may be a child's"
    assert status_of(dora, picture(operation, "before")) == (200 if sees else 403)
    answer = dora.post(undo_page(operation), {"confirmed": "yes"})
    assert answer.status_code == (302 if undoes else 403)
    assert (key in stored()) == undoes
    refused = AuditEntry.objects.filter(outcome="refused", actor_name="dora", code="permission_denied")
    assert refused.count() == (not sees) + (not undoes)
    if undoes:  # the undo of it is about the same picture
        (undoing,) = operation.undos.all()
        assert status_of(dora, picture(undoing, "after")) == (200 if sees else 403)
        assert dora.get(undo_page(undoing)).status_code == 200


def test_one_picture_among_many_of_another_app_is_enough_to_refuse_the_undo(face: bytes) -> None:
    with run_operation("cleanup_orphaned_photos", Actor("", "ada", "command")) as runner:
        for key in (PICTURES["people"], PICTURES["students"]):
            leave(key, face)
            details = {
                "storage_alias": "default",
                "key": key,
                "sha256": sha256_of("default", key),
                "byte_size": len(face),
            }
            runner.step("sweep_aside", subject=key, details=details)
    dora = signed_in(
        "dora",
        *("view_operation", "change_operation", "view_profilepictureupload", "change_profilepictureupload"),
        is_staff=True,
    )
    assert dora.post(undo_page(runner.operation), {"confirmed": "yes"}).status_code == 403
    assert stored().keys() & {*PICTURES.values()} == set()


def test_whoever_may_only_look_is_offered_no_undo(vera: Client, operation: Operation) -> None:
    assert undo_page(operation) not in vera.get(page(operation)).content.decode()
    assert vera.post(undo_page(operation), {"confirmed": "yes"}).status_code == 403
    assert KEY not in stored()


def test_the_undo_asks_first(alice: Client, operation: Operation) -> None:
    assert undo_page(operation) in alice.get(page(operation)).content.decode()
    assert "1 step" in alice.get(undo_page(operation)).content.decode()
    assert alice.post(undo_page(operation)).status_code == 200  # not confirmed: asks again
    assert KEY not in stored()


def test_the_undo_brings_it_back(alice: Client, operation: Operation, face: bytes) -> None:
    answer = alice.post(undo_page(operation), {"confirmed": "yes"}, follow=True)
    assert "Undid 1 step." in answer.content.decode()
    assert stored() == {KEY: face}
    operation.refresh_from_db()
    assert operation.state == Operation.State.UNDONE
    assert AuditEntry.objects.get(action="operation.undo").actor_name == "alice"
    assert undo_page(operation) not in alice.get(page(operation)).content.decode()
    assert alice.post(undo_page(operation), {"confirmed": "yes"}).status_code == 403


def test_what_changed_since_is_told(alice: Client, operation: Operation) -> None:
    keep(KEY, b"somebody else's by now")
    answer = alice.post(undo_page(operation), {"confirmed": "yes"}, follow=True)
    assert "has an owner by now" in answer.content.decode()
    assert stored()[KEY] == b"somebody else's by now"


def test_while_a_command_runs_it_says_which(alice: Client, operation: Operation) -> None:
    def ask() -> str:
        try:
            return alice.post(undo_page(operation), {"confirmed": "yes"}, follow=True).content.decode()
        finally:
            connection.close()

    with one_at_a_time("verify_media"), ThreadPoolExecutor(1) as pool:
        assert "verify_media" in pool.submit(ask).result()
    assert KEY not in stored()


def test_the_figures_of_verifications_are_on_a_page() -> None:
    keep(KEY, b"ada")
    run("verify_media")
    looker = signed_in("vera", "view_verification", is_staff=True)
    shown = looker.get(reverse("admin:photostore_verification_changelist")).content.decode()
    assert "100 % present, 0 % re-hashed in the last 30 days, 0 damaged" in shown
    from photostore.models import Verification

    one = reverse("admin:photostore_verification_change", args=[Verification.objects.get().pk])
    assert looker.get(one).status_code == 200
