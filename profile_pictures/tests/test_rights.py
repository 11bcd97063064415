"""Nobody grants what they do not have; nobody changes, resets or deletes somebody who has more."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from knox.models import AuthToken

from profile_pictures.models import User
from testing.people import make_person

pytestmark = pytest.mark.django_db

PEOPLE = ("view_user", "add_user", "change_user", "delete_user")
GROUPS = ("view_group", "add_group", "change_group", "delete_group")


@pytest.fixture
def manager(db: None) -> Client:
    """Staff who manage accounts and groups and look at students, and no more."""
    person = make_person("mona", *PEOPLE, *GROUPS, "view_student", "delete_authtoken", is_staff=True)
    return _admin_of(person)


@pytest.fixture
def root(db: None) -> Any:
    return make_person("root", is_staff=True, is_superuser=True)


def _admin_of(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def _page(person: Any) -> str:
    return f"/admin/profile_pictures/user/{person.pk}/change/"


def _form(person: Any, **values: Any) -> dict[str, Any]:
    """The page as a browser would send it."""
    said: dict[str, Any] = {
        "username": person.username,
        "first_name": "",
        "last_name": "",
        "email": "",
        "is_active": "on",
        "user_permissions": [str(one.pk) for one in person.user_permissions.all()],
        "groups": [str(one.pk) for one in person.groups.all()],
        "date_joined_0": f"{person.date_joined:%Y-%m-%d}",
        "date_joined_1": f"{person.date_joined:%H:%M:%S}",
    }
    if person.is_staff:
        said["is_staff"] = "on"
    return said | values


def _permission(codename: str) -> Any:
    return Permission.objects.get(codename=codename)


def test_nobody_makes_a_superuser_but_a_superuser(manager: Client, root: Any) -> None:
    dana = make_person("dana")
    manager.post(_page(dana), _form(dana, is_superuser="on"))
    assert not User.objects.get(pk=dana.pk).is_superuser
    _admin_of(root).post(_page(dana), _form(dana, is_superuser="on"))
    assert User.objects.get(pk=dana.pk).is_superuser


def test_ones_own_account_gets_no_more_rights(manager: Client) -> None:
    mona = User.objects.get(username="mona")
    more = [*_form(mona)["user_permissions"], str(_permission("change_student").pk)]
    answer = manager.post(_page(mona), _form(mona, user_permissions=more, is_superuser="on"))
    assert answer.status_code == 200, "the form again, with a sentence"
    mona = User.objects.get(pk=mona.pk)
    assert not mona.has_perm("students.change_student") and not mona.is_superuser


@pytest.mark.parametrize("codename", ["change_student", "view_auditentry", "delete_permission"])
def test_nobody_grants_what_they_do_not_have(manager: Client, codename: str) -> None:
    dana = make_person("dana")
    manager.post(_page(dana), _form(dana, user_permissions=[str(_permission(codename).pk)]))
    assert not dana.user_permissions.exists()
    group = Group.objects.create(name="Office")
    group.permissions.add(_permission(codename))
    manager.post(_page(dana), _form(dana, groups=[str(group.pk)]))
    assert not dana.groups.exists()


def test_what_one_has_may_be_granted_and_taken(manager: Client) -> None:
    dana, view = make_person("dana"), _permission("view_student")
    group = Group.objects.create(name="Lookers")
    group.permissions.add(view)
    assert (
        manager.post(
            _page(dana), _form(dana, user_permissions=[str(view.pk)], groups=[str(group.pk)])
        ).status_code
        == 302
    )
    assert list(dana.user_permissions.all()) == [view] and list(dana.groups.all()) == [group]
    assert manager.post(_page(dana), _form(dana, user_permissions=[], groups=[])).status_code == 302
    assert not dana.user_permissions.exists() and not dana.groups.exists()


@pytest.fixture(params=["root", "more", "more through a group", "more, and cannot sign in today"])
def mightier(request: Any) -> Any:
    if request.param == "root":
        return make_person("paul", is_staff=True, is_superuser=True)
    if request.param == "more through a group":
        paul = make_person("paul", is_staff=True)
        group = Group.objects.create(name="Office")
        group.permissions.add(_permission("delete_student"))
        paul.groups.add(group)
        return paul
    return make_person("paul", "delete_student", is_staff=True, is_active="cannot" not in request.param)


def test_nobody_changes_resets_or_deletes_who_has_more(manager: Client, mightier: Any) -> None:
    before = User.objects.filter(pk=mightier.pk).values().get()
    AuthToken.objects.create(mightier)
    assert manager.post(_page(mightier), _form(mightier, username="mine")).status_code == 403
    new = {"password1": "taken-over-9", "password2": "taken-over-9", "usable_password": "true"}
    reset = f"/admin/profile_pictures/user/{mightier.pk}/password/"
    assert manager.post(reset, new).status_code == 403
    assert (
        manager.post(f"/admin/profile_pictures/user/{mightier.pk}/delete/", {"post": "yes"}).status_code
        == 403
    )
    chosen = {"action": "delete_selected", "_selected_action": [str(mightier.pk)], "post": "yes"}
    manager.post("/admin/profile_pictures/user/", chosen)
    manager.post("/admin/knox/authtoken/", chosen | {"_selected_action": [AuthToken.objects.get().pk]})
    assert User.objects.filter(pk=mightier.pk).values().get() == before
    assert AuthToken.objects.exists()


def test_who_has_less_is_changed_reset_and_deleted(manager: Client) -> None:
    dana = make_person("dana", "view_student")
    assert manager.post(_page(dana), _form(dana, username="diana")).status_code == 302
    new = {"password1": "another-one-9", "password2": "another-one-9", "usable_password": "true"}
    assert manager.post(f"/admin/profile_pictures/user/{dana.pk}/password/", new).status_code == 302
    dana = User.objects.get(pk=dana.pk)
    assert dana.username == "diana" and dana.check_password("another-one-9")
    AuthToken.objects.create(dana)
    token = AuthToken.objects.get()
    assert manager.post(f"/admin/knox/authtoken/{token.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not AuthToken.objects.exists()
    chosen = {"action": "delete_selected", "_selected_action": [str(dana.pk)], "post": "yes"}
    manager.post("/admin/profile_pictures/user/", chosen)
    assert not User.objects.filter(pk=dana.pk).exists()


def test_a_group_gets_and_loses_only_what_one_has(manager: Client) -> None:
    lookers, office = (Group.objects.create(name=name) for name in ("Lookers", "Office"))
    lookers.permissions.add(_permission("view_student"))
    office.permissions.add(_permission("delete_student"))
    page = "/admin/auth/group/{}/change/"
    view, delete = (str(_permission(f"{verb}_student").pk) for verb in ("view", "delete"))
    manager.post(page.format(lookers.pk), {"name": "Lookers", "permissions": [view, delete]})
    assert [one.codename for one in lookers.permissions.all()] == ["view_student"]
    assert manager.post(page.format(office.pk), {"name": "Office", "permissions": []}).status_code == 403
    assert manager.post(f"/admin/auth/group/{office.pk}/delete/", {"post": "yes"}).status_code == 403
    assert office.permissions.exists()
    assert manager.post(page.format(lookers.pk), {"name": "Lookers", "permissions": []}).status_code == 302
    assert not lookers.permissions.exists()
    manager.post("/admin/auth/group/add/", {"name": "New", "permissions": [delete]})
    assert not Group.objects.filter(name="New").exists()


def test_a_group_of_somebody_who_has_more_is_left_alone(manager: Client, root: Any) -> None:
    group = Group.objects.create(name="Lookers")
    group.permissions.add(_permission("view_student"))
    root.groups.add(group)
    page = f"/admin/auth/group/{group.pk}/change/"
    assert manager.post(page, {"name": "Lookers", "permissions": []}).status_code == 403
    assert group.permissions.exists()


def test_nobody_makes_a_token_for_somebody_else(manager: Client, root: Any) -> None:
    mona = User.objects.get(username="mona")
    mona.user_permissions.add(*Permission.objects.filter(content_type__app_label="knox"))
    for client in (manager, _admin_of(root)):
        answer = client.post("/admin/knox/authtoken/add/", {"user": root.pk})
        assert answer.status_code == 403
    AuthToken.objects.create(mona)
    token = AuthToken.objects.get()
    manager.post(f"/admin/knox/authtoken/{token.pk}/change/", {"user": root.pk})
    assert AuthToken.objects.get().user == mona
