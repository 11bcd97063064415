"""Nothing is left out in silence: what no operation knows is refused, at every route, with what is known."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import get_resolver

from config.tests.route_table import OK, READS, TABLE, Row, World, everything, picture
from photostore.web.known_input import KnownInput
from testing.people import body_of, client_of

pytestmark = pytest.mark.django_db(transaction=True)

CALLS = [
    row
    for row in TABLE
    if row.route.startswith(("api/", "media/")) and row.route not in {"api/docs/", "media/<path:key>"}
]
WRITES = [row for row in CALLS if row.method not in READS]
# Their bodies are bytes.
RAW = {"patch media/uploads/<uuid:upload_id>", "patch api/photo-imports/<uuid:import_id>/upload/"}


def test_every_view_of_the_api_refuses_what_it_does_not_know() -> None:
    """A view that is none of these would let everything pass."""
    open_hearted = {
        pattern
        for pattern, view in views()
        if pattern.startswith(("api/", "media/")) and not issubclass(view, KnownInput)
    }
    assert open_hearted == {"api/docs/", "api/docs"}


def views() -> Iterator[tuple[str, Any]]:
    entries = [("", entry) for entry in get_resolver().url_patterns]
    while entries:
        before, entry = entries.pop()
        route = f"{before}{entry.pattern}"
        if hasattr(entry, "url_patterns"):
            entries += [(route, inner) for inner in entry.url_patterns]
        elif hasattr(entry.callback, "cls"):
            yield route, entry.callback.cls


def asker(row: Row) -> tuple[str, str]:
    """A user with the permission, and the owner of the object."""
    cells = ((who, whose) for whose in row.given or ("",) for who in ("owner", "trusted", "anonymous"))
    return next(cell for cell in cells if row.rule(*cell) == OK)


def address_of(row: Row, thing: dict[str, Any]) -> str:
    thing = {"pk": thing.get("earlier" if "revert" in row.route else "pending")} | thing
    thing |= {name: thing[other] for name, other in row.instead.items()}
    return "/" + re.sub(r"<\w+:(\w+)>", lambda match: str(thing[match[1]]), row.route)


def test_an_unknown_parameter_is_refused_by_every_call() -> None:
    world, before, wrong = World(), everything(), []
    for row in CALLS:
        who, whose = asker(row)
        thing = world.given[whose or "own"]
        answer = world.clients[who].generic(
            row.method.upper(), f"{address_of(row, thing)}?colour=red", headers=row.headers
        )
        if answer.status_code != 400 or (row.method != "head" and b"colour" not in body_of(answer)):
            wrong.append(f"{row}: {answer.status_code}")
    assert wrong == []
    assert everything() == before


def test_an_unknown_field_is_refused_by_every_call() -> None:
    world, before, wrong = World(), everything(), []
    for row in WRITES:
        if f"{row.method} {row.route}" in RAW:
            continue
        who, whose = asker(row)
        thing = world.given[whose or "own"]
        for form in (False, True):
            body = (row.body(thing) if row.body else {}) | {"colour": "red"}  # type: ignore[operator]
            if row.form and not form:
                body = {"colour": "red"}
            if form:
                body = _flat(body)
            answer = getattr(world.clients[who], row.method)(
                address_of(row, thing), body, format="multipart" if form else "json", headers=row.headers
            )
            if answer.status_code != 400 or answer.json()["code"] != "unknown_field":
                wrong.append(f"{row}, {form}: {answer.status_code} {answer.content!r}")
    assert wrong == []
    assert everything() == before


def _flat(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if not isinstance(value, dict)}


def test_a_file_that_no_field_takes_is_refused_by_every_call() -> None:
    world, before, wrong = World(), everything(), []
    for row in WRITES:
        if f"{row.method} {row.route}" in RAW:
            continue
        who, whose = asker(row)
        thing = world.given[whose or "own"]
        for field in ("photo", "profile_photo[]", "image[]"):
            said = row.body(thing) if row.body else {}
            assert isinstance(said, dict)
            body = _flat({name: value for name, value in said.items() if not hasattr(value, "read")})
            answer = getattr(world.clients[who], row.method)(
                address_of(row, thing), body | {field: picture()}, format="multipart", headers=row.headers
            )
            told = answer.json() if answer.status_code == 400 else {}
            if told.get("code") != "unknown_field" or field not in told["detail"]:
                wrong.append(f"{row}: {answer.status_code} {told}")
            elif any(name not in told["known"] for name in said):
                wrong.append(f"{row}: does not say what is known: {told}")
    assert wrong == []
    assert everything() == before


def test_the_sentence_names_what_there_is(api: Any) -> None:
    answer = api.post("/api/students/", {"name": "Ada", "photo": picture()}, format="multipart").json()
    assert answer["known"][:2] == ["name", "student_number"]
    assert answer["detail"] == (
        "There is no field “photo” here. The known fields are: name, student_number, first_name, last_name, "
        "grade, class_name, status, left_on, profile_photo, confirm."
    )
    asked = api.get("/api/students/?colour=red").json()
    assert asked["code"] == "unknown_parameter"
    assert {"search", "has_photo", "cursor", "page_size", "count"} <= set(asked["known"])


def test_what_stands_within_a_field_is_looked_at_too(danas: Any) -> None:
    body = {"upload_id": 1, "crop": {"x": 0, "y": 0, "size": 10, "angle": 90}}
    answer = danas.post("/api/users/confirm-profile-picture/", body)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["angle"])


def test_a_name_with_a_point_is_a_forms_alone(danas: Any) -> None:
    answer = danas.post("/api/users/confirm-profile-picture/", {"upload_id": 1, "crop.x": 1}, format="json")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["crop.x"])


def test_what_counts_once_is_said_once(api: Any) -> None:
    asked = api.get("/api/students/?grade=4&grade=5")
    assert (asked.status_code, asked.json()["code"]) == (400, "said_twice")
    said = api.post("/api/students/", "name=Ada&name=Bea", content_type="application/x-www-form-urlencoded")
    assert (said.status_code, said.json()["code"]) == (400, "said_twice")


def test_a_page_may_send_its_token_and_a_client_its_format(dana: Any) -> None:
    client = client_of(dana)
    form = {"image": picture(), "csrfmiddlewaretoken": "x" * 32}
    assert client.post("/api/upload_user_image/", form, format="multipart").status_code == 200
    assert client.get("/media/files?format=json").status_code == 200


def test_a_signed_in_page_is_looked_at_as_well(dana: Any) -> None:
    """Its form is parsed by Django, for the CSRF check, before REST framework sees it."""
    from django.test import Client

    client = Client()
    client.force_login(dana, backend="profile_pictures.backends.ThrottledModelBackend")
    answer = client.post("/api/upload_user_image/", {"photo": SimpleUploadedFile("a.jpg", b"x")})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_field")


def test_nothing_at_all_is_to_be_sent_where_nothing_is_taken(danas: Any) -> None:
    answer = danas.post("/api/auth/logout/", ["x"])
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_field")
    assert danas.post("/api/auth/logout/", {}).status_code == 204
