"""Every page says what it may load and run, and asks for nothing else."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page

from students.models import Student
from students.tests.school import enrol, face

BROWSER = {"HTTP_ACCEPT": "text/html"}
PAGES = (
    *("/", "/me/sign-in/", "/me/picture/", "/api/docs/", "/nowhere", "/admin/login/", "/admin/"),
    *("/admin/students/student/", "/admin/students/student/{pk}/change/", "/admin/students/student/add/"),
    *("/admin/profile_pictures/user/add/", "/admin/photostore/auditentry/", "/admin/media_uploads/usage/"),
)
INLINE = r"<script(?![^>]*\ssrc=)(?![^>]*type=\"application/json\")|\son[a-z]+=\"|javascript:"


@pytest.fixture
def staff(admin_user: Any) -> Client:
    client = Client()
    client.force_login(admin_user)
    return client


@pytest.fixture
def zoe(api: Any) -> Student:
    return Student.objects.get(pk=enrol(api, "Zoe", photo=face(1))["id"])


def policy(answer: Any) -> dict[str, list[str]]:
    rules = answer["Content-Security-Policy"].split("; ")
    return {rule.split()[0]: rule.split()[1:] for rule in rules}


@pytest.mark.parametrize("address", PAGES)
def test_a_page_runs_only_what_comes_from_here(staff: Client, zoe: Student, address: str) -> None:
    path = address.format(pk=zoe.pk)
    answer = (Client() if path.endswith(("sign-in/", "login/")) else staff).get(path, **BROWSER)
    said = policy(answer)
    assert said["default-src"] == said["base-uri"] == said["frame-ancestors"] == ["'none'"]
    assert said["script-src"] == ["'self'", *(["'unsafe-eval'"] if path.startswith("/admin/") else [])]
    may_style_itself = path.startswith(("/admin/", "/api/docs"))
    assert said["style-src"] == ["'self'", *(["'unsafe-inline'"] if may_style_itself else [])]
    assert said["img-src"] == ["'self'", "blob:", "data:"]
    page = answer.content.decode()
    assert not re.findall(INLINE, page)
    if not may_style_itself:
        assert "<style" not in page and "style=" not in page


@pytest.mark.parametrize(
    "address", ["/api/students/", "/api/schema/", "/readyz", "/healthz", "/nowhere", "/media/no.jpg"]
)
def test_what_is_no_page_runs_nothing(db: None, address: str) -> None:
    answer = Client().get(address)
    assert policy(answer)["default-src"] == ["'none'"]


@pytest.mark.django_db
def test_pictures_come_from_a_bucket_too(staff: Client, s3_alias: dict[str, Any], settings: Any) -> None:
    settings.STORAGES = settings.STORAGES | {"default": s3_alias}
    allowed = policy(staff.get("/admin/", **BROWSER))["img-src"]
    assert s3_alias["OPTIONS"]["endpoint_url"] in allowed


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_pages_that_are_for_everybody_work_in_a_browser(page: Page) -> None:
    """Whatever the browser would refuse to load or run is a complaint, which ends the test."""
    page.goto("/")
    assert page.evaluate("getComputedStyle(document.querySelector('ul')).display") == "grid"
    page.goto("/api/docs/")
    page.get_by_text("/api/auth/login/").first.wait_for()
    page.goto("/api/schema/swagger-nowhere")
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).fontSize") != "32px"
