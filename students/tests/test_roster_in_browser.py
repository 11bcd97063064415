"""A list of students in a real Chromium: from the file to the undo, wide and narrow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import global_settings
from playwright.sync_api import Page, expect

from students.models import Import, Student
from students.tests.rosters import OFFICE, listed, pupil, school
from testing.browser import each_window, screenshot
from testing.jobs import run_jobs
from testing.people import make_person
from testing.service import Service

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def staff(page: Page, served: Service, settings: Any, quick_passwords: None) -> Page:
    """Olga's window, signed in."""
    settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS
    make_person("olga", *OFFICE, is_staff=True)
    page.goto("/admin/login/?next=/admin/")
    page.fill("#id_username", "olga")
    page.fill("#id_password", "olga-secret")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    return page


@each_window
def test_a_list_from_its_file_to_the_undo(staff: Page, tmp_path: Path, window: Any) -> None:
    pupil("001", "Ada", "Lovelace", "3a")
    pupil("002", "Bea", "Good", "3b")
    pupil("003", "Zoë", "Missing", "3b")
    pupil("004", "Dan", "Renumbered", "3c")
    before = school()
    path = tmp_path / "students.csv"
    lines = [f"{n:03};Newcomer{n};Nina;4a" for n in range(10, 30)]
    path.write_bytes(
        listed(
            "001;Lovelace;Ada;4a", "002;Good;Bea;4b", "904;Renumbered;Dan;3c", "7;;;", "03-Apr;X;Y;4a", *lines
        )
    )
    staff.goto("/admin/students/student/")
    staff.get_by_role("link", name="Import students").click()
    screenshot(staff, "roster_upload")
    staff.get_by_label("The list").set_input_files(path)
    staff.get_by_role("button", name="Look at it").click()
    # What a worker does; the page goes on by itself.
    expect(staff.get_by_text("This page refreshes by itself.")).to_be_visible()
    run_jobs()
    expect(staff.get_by_text("The row has no name.")).to_be_visible()
    screenshot(staff, "roster_problems")
    staff.get_by_text("How the list was read").click()
    expect(staff.get_by_label("Column 2")).to_have_value("last_name")
    screenshot(staff, "roster_columns")
    tabs = staff.get_by_role("navigation", name="Rows by their state")
    tabs.get_by_role("link", name="number changed?").click()
    staff.get_by_role("checkbox", name="Dan Renumbered").check()
    staff.get_by_role("button", name="Save the selection").click()
    tabs.get_by_role("link", name="not in the list").click()
    # By keyboard: the tick, then Enter on the button that goes on keeps it.
    staff.get_by_role("checkbox", name="Zoë Missing").focus()
    staff.keyboard.press("Space")
    screenshot(staff, "roster_missing")
    staff.get_by_role("button", name="Go on").focus()
    staff.keyboard.press("Enter")
    sentence = "20 students are added, 2 are changed, 1 gets another number, 1 is marked as left."
    expect(staff.get_by_text(sentence)).to_be_visible()
    screenshot(staff, "roster_commit")
    staff.get_by_role("button", name="Yes, import").click()
    expect(staff.get_by_text("0 of 24 rows are done.")).to_be_visible()
    run_jobs()
    expect(staff.get_by_text("This list is committed.")).to_be_visible()
    screenshot(staff, "roster_done")
    assert Student.objects.filter(class_name="4a", status="active").count() == 21
    assert set(Import.objects.get().rows.filter(accepted=True).values_list("outcome", flat=True)) == {"done"}
    staff.get_by_role("link", name="Undo this import").click()
    staff.get_by_role("button", name="Yes, undo it").click()
    expect(staff.get_by_text("Undid 24")).to_be_visible()
    assert school() == before
