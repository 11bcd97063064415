"""Who may import students: every call, every kind of staff; a refusal changes nothing."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from students.models import Import, ImportSource
from students.tests.rosters import OFFICE, ROSTER, hand_in_list, listed, office, pupil, school
from testing.people import client_of, make_person

pytestmark = pytest.mark.django_db(transaction=True)

STUDENT_PERMISSIONS = ("view_student", "add_student", "change_student")
# Method, the rest of the address, what is sent, the answer, and which permission on imports it needs.
CALLS: list[tuple[str, str, dict[str, Any] | None, int, str]] = [
    ("get", "", None, 200, "view"),
    ("post", "", {"file": None}, 201, "add"),
    ("get", "{id}/", None, 200, "view"),
    ("patch", "{id}/", {"options": {}}, 200, "change"),
    ("get", "{id}/rows/", None, 200, "view"),
    ("patch", "{id}/rows/", {"state": "new", "accepted": True}, 200, "change"),
    ("patch", "{id}/rows/2/", {"accepted": True}, 200, "change"),
    ("post", "{id}/commit/", {}, 202, "change"),
    ("post", "{id}/discard/", {}, 204, "change"),
]


@pytest.fixture
def begun(db: None) -> dict[str, Any]:
    pupil("1", "Ada", "Lovelace")
    return hand_in_list(office(), listed("2;New;Gus;4b"))


def ask(client: Any, call: tuple[Any, ...], begun: dict[str, Any]) -> Any:
    method, path, body, _status, _permission = call
    form = "json"
    if body is not None and "file" in body:
        body, form = {"file": SimpleUploadedFile("students.csv", listed("3;New;Zoe;4b"))}, "multipart"
    return getattr(client, method)(ROSTER + path.format(**begun), body, **({"format": form} if body else {}))


def kept() -> tuple[Any, ...]:
    rows = Import.objects.order_by("created_at").values_list("pk", "state", "options")
    return school(), list(rows), ImportSource.objects.count()


@pytest.mark.parametrize(
    ("permissions", "status"),
    [
        (None, 401),
        ((), 403),
        # All that there is about students, and nothing about imports.
        ((*STUDENT_PERMISSIONS, "delete_student"), 403),
        # All about imports, and only a look at students.
        (("view_student", "view_import", "add_import", "change_import"), 403),
    ],
)
def test_whoever_lacks_a_permission_is_refused_and_changes_nothing(
    begun: dict[str, Any], permissions: tuple[str, ...] | None, status: int
) -> None:
    client = client_of(None if permissions is None else make_person("dora", *permissions, is_staff=True))
    before = kept()
    missing = begun | {"id": "00000000-0000-4000-8000-000000000000"}
    for call, of in itertools.product(CALLS, (begun, missing)):
        if call[4] == "view" and permissions and "view_import" in permissions:
            continue
        answer = ask(client, call, of)
        assert answer.status_code == status, call
        assert "Gus" not in answer.content.decode()
    assert kept() == before


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call[0]} {call[1]}")
def test_each_permission_on_imports_opens_its_own_calls(begun: dict[str, Any], call: tuple[Any, ...]) -> None:
    _method, _path, _body, status, needed = call
    permissions = {*STUDENT_PERMISSIONS, "view_import", "add_import", "change_import"}
    allowed = client_of(make_person("dora", *STUDENT_PERMISSIONS, f"{needed}_import", is_staff=True))
    refused = client_of(make_person("emma", *(permissions - {f"{needed}_import"}), is_staff=True))
    assert ask(refused, call, begun).status_code == 403
    assert ask(allowed, call, begun).status_code == status


def test_who_is_not_staff_is_refused(begun: dict[str, Any]) -> None:
    client = client_of(make_person("zora", *OFFICE))
    assert {ask(client, call, begun).status_code for call in CALLS} == {403}


def test_an_import_of_photos_is_no_import_of_students(begun: dict[str, Any]) -> None:
    other = Import.objects.create(kind=Import.Kind.PHOTOS, state=Import.State.READY)
    assert ask(office("otto"), CALLS[2], {"id": str(other.pk)}).status_code == 404
