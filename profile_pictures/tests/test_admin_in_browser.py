"""The admin of profile pictures in a real Chromium."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from profile_pictures.models import ProfilePictureUpload
from profile_pictures.tests.handing_in import check_consistent, confirmed, expire, hand_in, pending
from testing.browser import each_window, screenshot
from testing.people import make_person

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("one_house"),
]

LIST = "/admin/profile_pictures/profilepictureupload/"


@each_window
def test_look_filter_approve_clean_up(page: Page, danas: Any, eriks: Any, window: Any) -> None:
    confirmed(danas, 1), confirmed(danas, 2), pending(eriks, 3)
    expire(pending(danas, 4)["id"])
    hand_in(danas, b"no picture")
    permissions = [f"{verb}_profilepictureupload" for verb in ("view", "change", "delete")]
    make_person("dora", *permissions, is_staff=True)
    page.goto(f"/admin/login/?next={LIST}")
    page.fill("#id_username", "dora")
    page.fill("#id_password", "dora-secret")
    page.keyboard.press("Enter")
    expect(page.locator(".pictures-face")).to_have_count(4)
    for image in page.locator(".pictures-face").all():
        image.scroll_into_view_if_needed()
        image.evaluate("image => image.decode()")
    expect(page.get_by_text("4 succeeded, 1 failed")).to_be_visible()
    screenshot(page, "admin_pictures")
    page.get_by_role("button", name="Remove 1 expired picture").click()
    expect(page.get_by_text("1 expired picture removed.")).to_be_visible()
    page.goto(f"{LIST}?state=pending")
    page.locator(".action-select").check()
    page.select_option("select[name=action]", label="Approve: make it the profile picture")
    with page.expect_navigation():
        page.get_by_role("button", name="Run").click()
    expect(page.get_by_text("1 picture approved.")).to_be_visible()
    assert ProfilePictureUpload.objects.current().filter(user__username="erik").exists()
    page.goto(f"{LIST}{ProfilePictureUpload.objects.latest('pk').pk}/change/")
    page.locator(".pictures-large").evaluate("image => image.decode()")
    screenshot(page, "admin_picture")
    check_consistent()
