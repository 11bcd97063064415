"""The admin's start page and sidebar: what each person may open, and nothing else."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.sidebar import PAGES
from students.models import Import, Student
from testing.people import make_person

pytestmark = pytest.mark.django_db


def page_of(*permissions: str, name: str = "olga", superuser: bool = False) -> str:
    client = Client()
    client.force_login(make_person(name, *permissions, is_staff=True, is_superuser=superuser))
    answer = client.get("/admin/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_figures_lead_to_what_they_count() -> None:
    Student.objects.create(name="Ada")
    Student.objects.create(name="Bea", status="left")
    Import.objects.create(kind="students", state="ready", created_by="olga", channel="admin")
    page = page_of("view_student", "view_import")
    assert "<strong>1</strong>" in page
    assert "/admin/students/student/?has_photo=no" in page
    assert "/admin/students/import/?state__exact=ready" in page
    assert "Last verification" not in page


def test_who_may_nothing_is_told_whom_to_ask() -> None:
    page = page_of()
    assert "ask an administrator" in page
    assert "Background jobs" not in page


def test_an_administrator_sees_every_page_and_each_is_there() -> None:
    page = page_of(superuser=True)
    assert "Last nightly backup" in page
    for _title, entries in PAGES:
        for title, *_rest in entries:
            assert str(title) in page
    assert "Knox" not in page
    assert "Photostore" not in page


def test_the_sidebar_asks_for_permissions_that_exist() -> None:
    known = {f"{one.content_type.app_label}.{one.codename}" for one in Permission.objects.all()}
    assert {one for _title, entries in PAGES for entry in entries for one in entry[3].split()} <= known


def test_it_costs_a_handful_of_queries() -> None:
    client = Client()
    client.force_login(make_person("root", is_staff=True, is_superuser=True))
    client.get("/admin/")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        client.get("/admin/")
    assert len(queries) <= 12
