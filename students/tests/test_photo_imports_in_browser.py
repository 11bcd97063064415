"""Importing photos as the office does: a real Chromium, from the files to the undo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import global_settings
from playwright.sync_api import Page, expect

from students.models import Import
from students.tests.photo_zips import faces, pupil, shown_faces, zip_of
from students.tests.school import face
from testing.browser import both_windows, screenshot
from testing.jobs import run_jobs
from testing.people import DISK, make_person
from testing.service import Service

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def one_house(served: Service, settings: Any, quick_passwords: None, own_storage: None) -> None:
    """The test looks into the same folders as the server, and makes passwords that it can check."""
    settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS
    settings.PHOTO_BACKUP_DIR = served.folder / "backups"
    settings.STORAGES = settings.STORAGES | {
        alias: {"BACKEND": DISK, "OPTIONS": {"location": served.folder / folder}}
        for alias, folder in {"default": "media", "safe": "safe"}.items()
    }


@pytest.fixture
def office(page: Page) -> Page:
    """Somebody's window who may import and undo."""
    rights = [f"{what}_{model}" for what in ("view", "add", "change") for model in ("student", "import")]
    make_person("olive", *rights, "view_operation", "change_operation", is_staff=True)
    page.goto("/admin/login/?next=/admin/")
    page.fill("#id_username", "olive")
    page.fill("#id_password", "olive-secret")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    return page


def upload(page: Page, *paths: Path, field: str = "#photos-files") -> None:
    page.goto("/admin/students/student/photo-imports/")
    screenshot(page, "photo-import-upload")
    page.set_input_files(field, [str(path) for path in paths])
    page.click("text=Review them")
    page.wait_for_url("**/photo-imports/*-*/")
    run_jobs()
    expect(page.get_by_text("These photos are ready to be looked at.")).to_be_visible()


@both_windows
def test_from_single_files_to_the_undo(office: Page, window: Any, tmp_path: Path) -> None:
    """The files become one zip in the browser and come by tus."""
    page = office
    pupil("Ada", "Byron", "1815", class_name="3A"), pupil("Bea", "Curie", "1867", class_name="3A")
    pupil("Cleo", "Absent")
    paths = []
    for name, data in {"1815.jpg": face(1), "who.jpg": face(2)}.items():
        (tmp_path / name).write_bytes(data)
        paths.append(tmp_path / name)
    upload(page, *paths)
    expect(page.get_by_role("link", name="no known student 1")).to_have_attribute("aria-current", "page")
    page.get_by_label("Another student").type("cur")
    expect(page.locator("#students-found option")).to_have_count(1)
    page.get_by_label("Another student").fill("1867")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="new photo 2")).to_have_attribute("aria-current", "page")
    expect(page.get_by_role("checkbox", name="Bea Curie")).to_be_checked()
    assert all(
        page.locator(".admin-import-faces img").evaluate_all("all => all.map((one) => one.naturalWidth > 0)")
    )
    screenshot(page, f"photo-import-{window[0]}")
    expect(page.get_by_text("1 student of the school has no picture here")).to_be_visible()
    page.click("text=Go on")
    expect(page.get_by_text("2 students get a first photo")).to_be_visible()
    with page.expect_navigation():
        page.click("text=Yes, import")
    run_jobs()
    expect(page.get_by_text("These photos are committed.")).to_be_visible()
    assert shown_faces() == {"Ada Byron": "1815.jpg", "Bea Curie": "who.jpg"}
    page.click("text=Undo this import")
    with page.expect_navigation():
        page.click("text=Yes, undo it")
    assert shown_faces() == {}


def test_a_zip_with_what_another_has_and_both_faces(office: Page, tmp_path: Path) -> None:
    page = office
    pupil("Ada", "Byron", "1815"), pupil("Bea", "Curie", "1867")
    first = tmp_path / "first.zip"
    first.write_bytes(zip_of(faces("1815.jpg", "1867.jpg")))
    upload(page, first)
    page.click("text=Go on")
    with page.expect_navigation():
        page.click("text=Yes, import")
    run_jobs()
    expect(page.get_by_text("These photos are committed.")).to_be_visible()
    second = tmp_path / "second.zip"
    second.write_bytes(zip_of({"1867.jpg": face(1)}))
    upload(page, second)
    expect(page.get_by_role("link", name="evidence disagrees 1")).to_be_visible()
    expect(page.get_by_text("The same picture is the photo of another student: Ada Byron.")).to_be_visible()
    expect(page.locator(".admin-import-faces img")).to_have_count(2)
    screenshot(page, "photo-import-blocked")
    page.click("text=I have checked it: this is Bea Curie")
    expect(page.get_by_text("With the saved selection: the photo of 1 student is replaced.")).to_be_visible()
    page.click("text=Discard these photos")
    expect(page.get_by_text("The photos were discarded; nothing was changed.")).to_be_visible()
    assert Import.objects.filter(state=Import.State.DISCARDED).count() == 1
