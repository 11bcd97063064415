"""A new password ends every bearer token, and made-up names do not get around the throttle."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from testing.people import client_of

pytestmark = pytest.mark.django_db


def test_a_new_password_ends_the_tokens_of_that_person_only(alice: Any, vera: Any) -> None:
    hers, others = client_of(alice), client_of(vera)
    alice.set_password("another-secret-9")
    alice.save()
    assert hers.get("/api/auth/me/").status_code == 401
    assert others.get("/api/auth/me/").status_code == 200


def test_another_change_of_the_account_ends_nothing(alice: Any) -> None:
    hers = client_of(alice)
    alice.first_name = "Alice"
    alice.save()
    assert hers.get("/api/auth/me/").status_code == 200


def test_many_made_up_names_from_one_address_are_throttled() -> None:
    statuses = [
        APIClient().post("/api/auth/login/", {"username": f"name-{n}", "password": "x"}).status_code
        for n in range(62)
    ]
    assert set(statuses[:60]) == {400} and set(statuses[60:]) == {429}
