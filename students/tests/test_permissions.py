"""Who may do what: every route of this app, every kind of person, for students who exist and who do not."""

from __future__ import annotations

import itertools
import re
from typing import Any, NamedTuple
from uuid import uuid4

import pytest

from students.models import Student, StudentPhoto
from students.tests.school import enrol, everything, face, file_of, hand_in
from testing.once import made_once
from testing.people import body_of, client_of, make_person


class Call(NamedTuple):
    """One call of the API; `path` is filled in with a student's `id`, `student_id` and `sha256`."""

    method: str
    path: str
    status: int
    body: dict[str, Any] | None = None
    photo: bool = False

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def is_read(self) -> bool:
        return self.method in {"get", "head"}

    @property
    def names_a_student(self) -> bool:
        return "{" in self.path


CALLS = [
    Call("get", "/api/students/", 200),
    Call("head", "/api/students/", 200),
    Call("post", "/api/students/", 201, {"name": "Bea"}),
    Call("post", "/api/students/", 201, {"name": "Bea"}, photo=True),
    Call("get", "/api/students/{id}/", 200),
    Call("put", "/api/students/{id}/", 200, {"name": "Ada King"}),
    Call("patch", "/api/students/{id}/", 200, {"grade": "5"}),
    Call("patch", "/api/students/{id}/", 200, {"student_number": "S-9"}, photo=True),
    Call("post", "/api/students/{id}/upload-photo/", 200, {}, photo=True),
    Call("delete", "/api/students/{id}/photo/", 204),
    # There is no other student to exchange photos with.
    Call("post", "/api/students/{id}/swap-photo/", 404, {"student": 2**40}),
    Call("get", "/api/students/{id}/photo-history/", 200),
    Call("post", "/api/students/{id}/photo-history/{sha256}/restore/", 200),
    Call("get", "/api/students/export.csv", 200),
    Call("get", "/api/students/export.xlsx", 200),
    Call("get", "/api/photos/students/{student_id}/profile.jpg", 200),
    Call("head", "/api/photos/students/{student_id}/profile.jpg", 200),
    Call("delete", "/api/students/{id}/", 204),
]
WRITES = [call for call in CALLS if not call.is_read]


@pytest.fixture
@made_once
def ada(api: Any) -> dict[str, Any]:
    """A student with a photo and an earlier one."""
    made = enrol(api, student_number="S-1", photo=face(1))
    hand_in(api, made["id"], face(2))
    return made


def make(client: Any, call: Call, *, exists: bool = True) -> Any:
    if exists:
        earlier = StudentPhoto.objects.of_profile().exclude(replaced_at=None).get()
        student = Student.objects.get(pk=earlier.student_id)
        place = {"id": student.pk, "student_id": student.student_id, "sha256": earlier.sha256}
    else:
        place = {"id": 4711, "student_id": uuid4(), "sha256": "0" * 64}
    body = dict(call.body) if call.body is not None else None
    if call.photo:
        body = {**(body or {}), "profile_photo": file_of(face(3))}
    return (
        getattr(client, call.method)(
            call.path.format(**place), body, format="multipart" if call.photo else "json"
        )
        if body is not None
        else getattr(client, call.method)(call.path.format(**place))
    )


def test_the_table_names_every_route_of_the_students(settings: Any) -> None:
    """A route without a row here could be open to everybody."""
    from students.urls import urlpatterns

    known = {call.path.strip("/").partition("{")[0].split("/")[-1] or call.path for call in CALLS}
    assert known
    of_students = {
        str(pattern.pattern).strip("/")
        for pattern in urlpatterns
        if pattern.name and not re.search("attendance|-imports", str(pattern.pattern))
    }
    replaced = {
        call.path.strip("/")
        .replace("{id}", "<int:pk>")
        .replace("{student_id}", "<uuid:student_id>")
        .replace("{sha256}", "<sha256:sha256>")
        for call in CALLS
    }
    plain = {route.replace("<id:pk>", "<int:pk>").replace("<bigint:pk>", "<int:pk>") for route in of_students}
    assert plain == replaced


# What changes nothing is asked one after the other, of one school: a set-up for each takes ten times as long.
@pytest.mark.parametrize(
    ("who", "status"), [("anonymous", 401), ("charlie", 403), ("bob", 403), ("forged", 401), ("left", 401)]
)
def test_whoever_may_not_is_refused_alike_for_all_and_changes_nothing(
    request: Any, ada: dict[str, Any], who: str, status: int
) -> None:
    client, before = person(request, who), everything()
    for call, exists in itertools.product(CALLS, (True, False)):
        answer, where = make(client, call, exists=exists), f"{call}, {exists=}"
        assert answer.status_code == status, where
        if call.method != "head":
            assert answer["Content-Type"] == "application/problem+json", where
            assert "Ada" not in answer.content.decode(), where
        if status == 401:
            assert answer["WWW-Authenticate"].startswith("Bearer"), where
        assert everything() == before, where


def person(request: Any, who: str) -> Any:
    if who == "anonymous":
        return client_of()
    if who == "forged":
        client = client_of()
        client.credentials(HTTP_AUTHORIZATION="Bearer " + "a" * 64)
        return client
    if who == "left":
        user = request.getfixturevalue("vera")
        client = client_of(user)
        user.is_active = False
        user.save()
        return client
    return client_of(request.getfixturevalue(who))


def test_vera_may_look_and_change_nothing(ada: dict[str, Any], vera: Any) -> None:
    client, before = client_of(vera), everything()
    for call, exists in itertools.product(WRITES, (True, False)):
        answer = make(client, call, exists=exists)
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied"), f"{call}, {exists=}"
        assert everything() == before, f"{call}, {exists=}"


def test_vera_may_look_at_everything(ada: dict[str, Any], vera: Any) -> None:
    client = client_of(vera)
    for call in CALLS:
        if call.is_read:
            answer = make(client, call)
            body_of(answer)
            assert answer.status_code == call.status, str(call)


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_alice_may_do_everything(api: Any, ada: dict[str, Any], call: Call) -> None:
    answer = make(api, call)
    assert answer.status_code == call.status, body_of(answer)
    body_of(answer)


def test_whoever_may_gets_a_404_for_nobody(api: Any, ada: dict[str, Any]) -> None:
    before = everything()
    for call in CALLS:
        if call.names_a_student:
            assert make(api, call, exists=False).status_code == 404, str(call)
            assert everything() == before, str(call)


PERMISSIONS = {
    "add_student": {"POST /api/students/"},
    "delete_student": {"DELETE /api/students/{id}/"},
    "change_student": {
        "PUT /api/students/{id}/",
        "PATCH /api/students/{id}/",
        "POST /api/students/{id}/upload-photo/",
        "DELETE /api/students/{id}/photo/",
        "POST /api/students/{id}/swap-photo/",
        "POST /api/students/{id}/photo-history/{sha256}/restore/",
    },
    "view_student": {str(call) for call in CALLS if call.is_read},
}


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_a_permission_opens_no_other_calls(ada: dict[str, Any], permission: str) -> None:
    client = client_of(make_person("dora", permission, is_staff=True))
    for call in CALLS:
        if str(call) not in PERMISSIONS[permission]:
            assert make(client, call).status_code == 403, str(call)


@pytest.mark.parametrize(
    ("permission", "call"),
    [(name, call) for name, own in PERMISSIONS.items() for call in CALLS if str(call) in own],
    ids=str,
)
def test_each_permission_opens_its_own_calls(ada: dict[str, Any], call: Call, permission: str) -> None:
    answer = make(client_of(make_person("dora", permission, is_staff=True)), call)
    body_of(answer)
    assert answer.status_code == call.status


def test_a_superuser_who_is_not_staff_is_refused(ada: dict[str, Any]) -> None:
    assert client_of(make_person("root", is_superuser=True)).get("/api/students/").status_code == 403


def test_a_session_without_its_csrf_token_changes_nothing(ada: dict[str, Any], alice: Any) -> None:
    from rest_framework.test import APIClient

    browser = APIClient(enforce_csrf_checks=True)
    browser.force_login(alice, backend="profile_pictures.backends.ThrottledModelBackend")
    assert browser.get("/api/students/").status_code == 200
    before = everything()
    assert browser.delete(f"/api/students/{ada['id']}/").status_code == 403
    assert everything() == before
