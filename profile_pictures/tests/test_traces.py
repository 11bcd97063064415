"""People, groups, rights, passwords, tokens and signing in and out leave audit rows; no value is in them."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.test import Client
from knox.models import AuthToken
from rest_framework.test import APIClient

from photostore.models import AuditEntry
from profile_pictures.models import User
from testing.people import client_of, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(db: None) -> Client:
    client = Client()
    client.force_login(make_person("root", is_staff=True, is_superuser=True))
    return client


def rows(**wanted: Any) -> list[tuple[str, str, str]]:
    found = AuditEntry.objects.filter(outcome="done", **wanted).order_by("pk")
    return list(found.values_list("action", "subject", "details"))


def test_a_person_is_added_changed_and_deleted(root: Client) -> None:
    new = {"username": "dana", "password1": "quite-secret-9", "password2": "quite-secret-9"}
    assert (
        root.post("/admin/profile_pictures/user/add/", new | {"usable_password": "true"}).status_code == 302
    )
    dana = User.objects.get(username="dana")
    view = Permission.objects.get(codename="view_student")
    group = Group.objects.create(name="Office")
    form = {
        "username": "dana",
        "first_name": "Zebedee",
        "is_active": "on",
        "is_staff": "on",
        "user_permissions": [view.pk],
        "groups": [group.pk],
        "date_joined_0": "2026-01-01",
        "date_joined_1": "00:00:00",
    }
    page = f"/admin/profile_pictures/user/{dana.pk}/change/"
    assert root.post(page, form).status_code == 302
    assert root.post(page, form | {"user_permissions": [], "groups": []}).status_code == 302
    password = {"password1": "other-secret-9", "password2": "other-secret-9", "usable_password": "true"}
    assert root.post(f"/admin/profile_pictures/user/{dana.pk}/password/", password).status_code == 302
    assert root.post(f"/admin/profile_pictures/user/{dana.pk}/delete/", {"post": "yes"}).status_code == 302
    assert rows(actor_name="root", channel="admin") == [
        ("person.add", f"user {dana.pk}", ""),
        ("person.change", f"user {dana.pk}", "first_name, is_staff"),
        ("rights.grant", f"user {dana.pk}", "group Office"),
        ("rights.grant", f"user {dana.pk}", "students.view_student"),
        ("rights.revoke", f"user {dana.pk}", "group Office"),
        ("rights.revoke", f"user {dana.pk}", "students.view_student"),
        ("person.password", f"user {dana.pk}", ""),
        ("person.delete", f"user {dana.pk}", ""),
    ]
    everything = str(list(AuditEntry.objects.values()))
    for value in ("Zebedee", "secret", "md5$", "pbkdf2"):
        assert value not in everything


def test_a_group_is_added_changed_and_deleted(root: Client) -> None:
    view = Permission.objects.get(codename="view_student")
    root.post("/admin/auth/group/add/", {"name": "Office", "permissions": [view.pk]})
    group = Group.objects.get()
    root.post(f"/admin/auth/group/{group.pk}/delete/", {"post": "yes"})
    assert rows(actor_name="root") == [
        ("group.add", "group Office", ""),
        ("rights.grant", "group Office", "students.view_student"),
        ("group.delete", "group Office", "students.view_student"),
    ]


def test_rights_that_a_script_clears_are_named_from_either_side() -> None:
    dana, view = make_person("dana", "view_student"), Permission.objects.get(codename="view_student")
    dana.user_permissions.clear()
    view.user_set.add(dana)
    view.user_set.clear()
    assert rows() == [
        ("rights.revoke", f"user {dana.pk}", "students.view_student"),
        ("rights.grant", f"user {dana.pk}", "students.view_student"),
        ("rights.revoke", f"user {dana.pk}", "students.view_student"),
    ]
    assert set(AuditEntry.objects.values_list("channel", flat=True)) == {"command"}


def test_commands_leave_rows_too() -> None:
    call_command("createsuperuser", "--noinput", username="eve", email="e@example.org", stdout=StringIO())
    eve = User.objects.get(username="eve")
    assert rows() == [("person.add", f"user {eve.pk}", "is_staff, is_superuser")]


def test_signing_in_and_out_of_the_admin_and_of_ones_own_page(client: Client) -> None:
    root = make_person("root", is_staff=True, is_superuser=True)
    said = {"username": "root", "password": "root-secret"}
    client.post("/admin/login/?next=/admin/", said)
    client.post("/admin/logout/")
    client.post("/me/sign-in/", said)
    client.post("/me/sign-out/")
    subject = f"user {root.pk}"
    assert list(
        AuditEntry.objects.order_by("pk").values_list("action", "channel", "actor_name", "subject")
    ) == [
        ("login", "admin", "root", subject),
        ("logout", "admin", "root", subject),
        ("login", "page", "root", subject),
        ("logout", "page", "root", subject),
    ]


def test_signing_in_and_out_of_the_api(dana: Any) -> None:
    said = {"username": "dana", "password": "dana-secret"}
    token = APIClient().post("/api/auth/login/", said).json()["token"]
    APIClient().post("/api/auth/logout/", HTTP_AUTHORIZATION=f"Bearer {token}")
    client_of(dana).post("/api/auth/logoutall/")
    assert [action for action, *_ in rows(actor_name="dana", channel="api")] == ["login", "logout", "logout"]


def test_a_better_hash_of_the_same_password_is_no_change(dana: Any, settings: Any) -> None:
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
    APIClient().post("/api/auth/login/", {"username": "dana", "password": "dana-secret"})
    assert User.objects.get(pk=dana.pk).password.startswith("pbkdf2")
    assert [action for action, *_ in rows()] == ["login"]


def test_a_token_that_somebody_ends_is_named_by_its_person(root: Client, dana: Any) -> None:
    AuthToken.objects.create(dana)
    token = AuthToken.objects.get()
    chosen = {"action": "delete_selected", "_selected_action": [token.pk], "post": "yes"}
    root.post("/admin/knox/authtoken/", chosen)
    assert not AuthToken.objects.exists()
    assert rows() == [("token.delete", f"user {dana.pk}", "")]
