"""A new password and an account that is switched off end what is signed in."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client

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


def _by_the_orm(person: Any, is_active: bool) -> None:
    person.is_active = is_active
    person.save()


def _by_a_query(person: Any, is_active: bool) -> None:
    type(person).objects.filter(pk=person.pk).update(is_active=is_active)


def _by_sql(person: Any, is_active: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE users_user SET is_active = %s WHERE id = %s", [is_active, person.pk])


@pytest.mark.parametrize("switch", [_by_the_orm, _by_a_query, _by_sql])
def test_an_account_that_is_switched_on_again_has_to_sign_in_anew(alice: Any, vera: Any, switch: Any) -> None:
    api, others, staff = client_of(alice), client_of(vera), Client()
    staff.force_login(alice)
    switch(alice, False)
    switch(alice, True)
    assert api.get("/api/auth/me/").status_code == 401
    assert staff.get("/admin/").status_code == 302
    assert others.get("/api/auth/me/").status_code == 200
    staff.force_login(type(alice).objects.get(pk=alice.pk))
    assert staff.get("/admin/").status_code == 200


def test_a_sign_in_of_before_stays_out_whoever_saves_an_older_copy(alice: Any) -> None:
    staff, copy = Client(), type(alice).objects.get(pk=alice.pk)
    staff.force_login(alice)
    _by_the_orm(alice, False)
    copy.save()
    assert staff.get("/admin/").status_code == 302
