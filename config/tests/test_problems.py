"""One error format: every status, every channel, two languages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import InterfaceError, OperationalError
from rest_framework import exceptions as drf

from photostore import errors
from photostore.models import AuditEntry
from photostore.web import problems
from testing.people import client_of

SHAPE = {"type", "title", "status", "detail", "code", "error", "errors"}


def is_a_problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    body = json.loads(answer.content)
    assert set(body) == SHAPE
    assert body["status"] == status
    assert body["error"] == body["detail"]
    assert body["type"] == f"urn:photokeep:problem:{body['code']}"
    assert isinstance(body["errors"], dict)
    assert all(isinstance(sentences, list) for sentences in body["errors"].values())
    return body


@pytest.mark.parametrize(
    ("status", "code", "call"),
    [
        (400, "invalid", lambda api: api.post("/api/students/", {})),
        (400, "parse_error", lambda api: api.generic("POST", "/api/students/", b"{", "application/json")),
        (401, "not_authenticated", lambda api: client_of().get("/api/students/")),
        (404, "not_found", lambda api: api.get("/api/students/4711/")),
        (404, "not_found", lambda api: api.get("/nowhere")),
        (404, "not_found", lambda api: api.get("/media/nothing.jpg")),
        (405, "method_not_allowed", lambda api: api.delete("/api/students/")),
        (413, "file_too_large", lambda api: api.post("/api/students/", CONTENT_LENGTH=str(10**10))),
        (415, "unsupported_media_type", lambda api: api.generic("POST", "/api/students/", b"x", "text/csv")),
    ],
)
def test_every_refusal_has_the_one_shape(api: Any, status: int, code: str, call: Any) -> None:
    assert is_a_problem(call(api), status)["code"] == code


KNOWN: list[tuple[Exception, int, str]] = [
    (errors.FileTooLarge(), 413, "file_too_large"),
    (errors.InvalidFile(code="undecodable"), 400, "undecodable"),
    (errors.Forbidden(), 403, "permission_denied"),
    (errors.Conflict(), 409, "conflict"),
    (errors.TooManyAttempts(retry_after_seconds=7), 429, "throttled"),
    (errors.StorageUnavailable(), 503, "storage_unavailable"),
    (errors.StorageFull(), 503, "storage_full"),
    (errors.FileMissing(), 404, "file_missing"),
    (errors.NotFound(), 404, "not_found"),
    (drf.Throttled(wait=3), 429, "throttled"),
    (OperationalError("server closed the connection: host=10.0.0.7"), 503, "database_unavailable"),
    (InterfaceError("connection already closed"), 503, "database_unavailable"),
]


@pytest.mark.parametrize(("exception", "status", "code"), KNOWN, ids=lambda value: type(value).__name__)
def test_every_known_exception_has_its_status(exception: Exception, status: int, code: str) -> None:
    body = problems.describe(exception)
    assert body is not None
    assert (body["status"], body["code"]) == (status, code)
    assert "10.0.0.7" not in json.dumps(body)


@pytest.mark.parametrize("exception", [ValueError("secret"), KeyError("secret"), RuntimeError()])
def test_a_bug_is_not_dressed_up_as_something_known(exception: Exception) -> None:
    assert problems.describe(exception) is None


@pytest.mark.parametrize(
    "exception", [errors.StorageUnavailable(), errors.TooManyAttempts(retry_after_seconds=7)]
)
def test_who_has_to_wait_is_told_for_how_long(api: Any, monkeypatch: Any, exception: Exception) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise exception

    monkeypatch.setattr("students.views.students.create_student", fail)
    answer = api.post("/api/students/", {"name": "Ada"})
    assert answer.status_code in {503, 429}
    assert int(answer["Retry-After"]) > 0


def test_a_bug_is_a_500_in_the_same_shape_that_gives_nothing_away(api: Any, monkeypatch: Any) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ValueError("password=hunter2 in /srv/secret")

    api.raise_request_exception = False
    monkeypatch.setattr("students.views.students.create_student", fail)
    body = is_a_problem(api.post("/api/students/", {"name": "Ada"}), 500)
    assert body["detail"] == "Something went wrong on the server. The error was logged."
    assert "hunter2" not in json.dumps(body)


def test_a_conflict_reaches_the_client_as_409(api: Any, monkeypatch: Any) -> None:
    from rest_framework.validators import UniqueValidator

    api.post("/api/students/", {"name": "Ada", "student_number": "S-1"})
    monkeypatch.setattr(UniqueValidator, "__call__", lambda *_: None)
    body = is_a_problem(api.post("/api/students/", {"name": "Bea", "student_number": "S-1"}), 409)
    assert body["code"] == "number_taken"
    assert body["errors"] == {"student_number": ["Another student has this number."]}


def test_a_missing_thing_and_an_unknown_address_of_media_are_the_same_bytes(client: Any, db: None) -> None:
    answers = {
        client.get(path).content
        for path in ("/media/a.jpg", "/media/student_photos/student_1_profile.jpg", "/media/")
    }
    assert len(answers) == 1


def test_a_person_with_a_browser_gets_a_page(client: Any, db: None) -> None:
    answer = client.get("/nowhere", HTTP_ACCEPT="text/html,application/xhtml+xml,*/*;q=0.8")
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")
    assert "<h1>Not found.</h1>" in answer.content.decode()
    assert "Accept" in answer["Vary"]


def test_an_address_in_a_page_is_escaped(client: Any, db: None) -> None:
    answer = client.get("/<script>alert(1)</script>", HTTP_ACCEPT="text/html")
    assert b"<script>alert" not in answer.content


def test_several_wrong_fields_are_all_named(api: Any) -> None:
    body = is_a_problem(api.post("/api/students/", {"name": "", "status": "dead", "left_on": "x"}), 400)
    assert set(body["errors"]) == {"name", "status", "left_on"}
    assert body["detail"] in [sentence for sentences in body["errors"].values() for sentence in sentences]


def test_a_refusal_stands_although_it_cannot_be_written_down(api: Any, monkeypatch: Any) -> None:
    from django.db import DatabaseError

    def fail(*_: Any, **__: Any) -> None:
        raise DatabaseError

    monkeypatch.setattr(problems, "record_refusal", fail)
    is_a_problem(api.post("/api/students/", {"name": ""}), 400)
    assert not AuditEntry.objects.exists()


def test_a_page_that_was_open_too_long_says_so(alice: Any) -> None:
    from django.test import Client

    browser = Client(enforce_csrf_checks=True)
    answer = browser.post("/admin/login/", {"username": "alice", "password": "alice-secret"})
    body = is_a_problem(answer, 403)
    assert body["code"] == "csrf_failed"


SENTENCES = {
    "en": "This page was open for too long. Please go back, reload it and try again.",
    "fr": "Cette page est restée ouverte trop longtemps. Revenez en arrière, rechargez-la et réessayez.",
}


@pytest.mark.parametrize("language", SENTENCES)
def test_the_api_says_so_too(alice: Any, language: str) -> None:
    from django.test import Client

    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice, backend="profile_pictures.backends.ThrottledModelBackend")
    answer = browser.post("/api/users/upload-profile-picture/", HTTP_ACCEPT_LANGUAGE=language)
    body = is_a_problem(answer, 403)
    assert (body["code"], body["detail"]) == ("csrf_failed", SENTENCES[language])
    assert browser.get("/api/auth/me/").status_code == 200, "looking needs no token"


@pytest.mark.parametrize(
    ("path", "action"),
    [
        ("/media/upload/4711", "POST media/upload/<int:persona_id>"),
        ("/api/upload_user_image/", "POST api/upload_user_image/"),
        ("/nowhere/at/all", "POST /nowhere/at/all"),
    ],
)
def test_what_is_refused_by_its_length_is_recorded_under_its_route(
    client: Any, db: None, path: str, action: str
) -> None:
    """The charts of refusals count by route."""
    assert client.post(path, CONTENT_LENGTH=str(10**10)).status_code == 413
    entry = AuditEntry.objects.get(outcome="refused")
    assert (entry.action, entry.code.endswith("too_large")) == (action, True)


IN_FRENCH = {"HTTP_ACCEPT_LANGUAGE": "fr-CH, fr;q=0.9, en;q=0.1"}
FRENCH = [
    (lambda api: api.get("/api/students/4711/", **IN_FRENCH), "Not found."),
    (
        lambda api: client_of().get("/api/students/", **IN_FRENCH),
        "Authentication credentials were not provided.",
    ),
    (lambda api: api.post("/api/students/", {}, **IN_FRENCH), "This field is required."),
    (
        lambda api: api.post("/api/students/", CONTENT_LENGTH=str(10**10), **IN_FRENCH),
        "The file is too large. The limit is 20 MB.",
    ),
]


@pytest.mark.parametrize(("call", "english"), FRENCH, ids=[english for _call, english in FRENCH])
def test_whoever_asks_in_french_is_answered_in_french(api: Any, call: Any, english: str) -> None:
    compiled = [
        path for folder in django_settings.LOCALE_PATHS for path in Path(folder).glob("fr/LC_MESSAGES/*.mo")
    ]
    if not compiled:
        pytest.skip("the French sentences are not there yet")
    said = call(api).json()
    assert said["detail"] != english
    assert said["error"] == said["detail"]
    assert said["code"]
