"""An answer that is not as the document says is noticed."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from django.http import HttpResponse

from testing.contract import check, operations

ROUTE = "api/users/<str:username>/profile-picture/"
GOOD = {"username": "dana", "profile_picture": None, "profile_picture_url": None}


def answer(body: Any, status: int = 200, kind: str = "application/json", **headers: str) -> Any:
    made: Any = HttpResponse(json.dumps(body), content_type=kind, status=status, headers=headers)
    made.resolver_match = SimpleNamespace(route=ROUTE)
    return made


def test_what_fits_passes() -> None:
    assert ("get", "api/users/{}/profile-picture") in operations()
    check("GET", answer(GOOD))
    check("GET", answer(GOOD | {"profile_picture_url": "https://photos.example.org/a"}))


@pytest.mark.parametrize(
    "wrong",
    [
        answer(GOOD | {"colour": "red"}),
        answer(GOOD | {"profile_picture_url": "media/a.jpg"}),
        answer(GOOD | {"username": None}),
        answer({"username": "dana"}),
        answer(GOOD, status=207),
        answer(GOOD, kind="text/html"),
        answer({"detail": "Not found."}, status=404, kind="application/problem+json"),
    ],
    ids=["one more", "no address", "a null", "one less", "another status", "another type", "no problem"],
)
def test_what_does_not_fit_is_noticed(wrong: Any) -> None:
    with pytest.raises(AssertionError, match=r"GET api/users/<str:username>/profile-picture/ answered"):
        check("GET", wrong)


def test_who_is_to_wait_is_told_how_long() -> None:
    with pytest.raises(AssertionError, match="and when again"):
        check("GET", answer({}, status=503, kind="application/problem+json"))
