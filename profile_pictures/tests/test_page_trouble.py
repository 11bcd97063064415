"""The page when something goes wrong: refused, expired, twice, cut off. In a real Chromium."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from photostore.models import AuditEntry
from profile_pictures.models import ProfilePictureUpload, User
from profile_pictures.tests.handing_in import expire, face
from profile_pictures.tests.window import choose, cropping, file, key_now, sign_in
from testing.browser import each_window, screenshot

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("one_house"),
]


def test_a_file_that_is_too_large_is_not_even_sent(mine: Page, tmp_path: Path) -> None:
    choose(mine, file(tmp_path, bytes(20 * 1_048_576 + 1)))
    expect(mine.get_by_text("larger than 20 MB")).to_be_visible()
    assert not AuditEntry.objects.filter(action__contains="upload").exists()


@each_window
def test_an_expired_upload(mine: Page, dana: User, tmp_path: Path, window: Any) -> None:
    choose(mine, file(tmp_path, face(1)))
    cropping(mine)
    expire(ProfilePictureUpload.objects.get().pk)
    mine.locator("#confirm").click()
    expect(mine.get_by_text("has expired or was deleted")).to_be_visible()
    expect(mine.locator("#choose-file")).to_be_visible()
    screenshot(mine, "expired")
    assert key_now(dana) == ""


def test_a_double_click_on_yes_is_one_yes(mine: Page, dana: User, tmp_path: Path) -> None:
    choose(mine, file(tmp_path, face(1)))
    cropping(mine)
    sent = []
    mine.on("request", lambda request: sent.append(request.url) if "confirm" in request.url else None)
    mine.locator("#confirm").dblclick()
    expect(mine.get_by_text("This is your profile picture now.")).to_be_visible()
    assert len(sent) == 1
    assert AuditEntry.objects.filter(action="picture.confirm").count() == 1


@pytest.fixture
def shaky(new_window: Any, dana: User) -> Page:
    """A window whose connection may break: the browser reports that on its console, as it should."""
    page: Page = new_window(viewport={"width": 390, "height": 850})
    sign_in(page)
    return page


def test_a_connection_lost_while_sending(shaky: Page, tmp_path: Path) -> None:
    shaky.context.set_offline(True)
    choose(shaky, file(tmp_path, face(1)))
    expect(shaky.get_by_text("The connection was lost.")).to_be_visible()
    screenshot(shaky, "lost")
    assert not ProfilePictureUpload.objects.exists()
    shaky.context.set_offline(False)
    shaky.get_by_role("button", name="Try again").click()
    cropping(shaky)


def test_a_page_whose_token_is_no_longer_good(shaky: Page, tmp_path: Path) -> None:
    """As after signing in anew in another tab."""
    shaky.evaluate("document.querySelector('[name=csrfmiddlewaretoken]').value = 'x'.repeat(64)")
    choose(shaky, file(tmp_path, face(1)))
    expect(shaky.get_by_text("Reload this page to sign in again")).to_be_visible()
    assert not ProfilePictureUpload.objects.exists()
    assert AuditEntry.objects.filter(outcome="refused", code="csrf_failed").count() == 1


def test_a_yes_whose_answer_is_lost_was_heard(shaky: Page, dana: User, tmp_path: Path) -> None:
    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    choose(shaky, file(tmp_path, face(1)))
    cropping(shaky)
    shaky.route("**/confirm-profile-picture/", lose_the_answer, times=1)
    shaky.locator("#confirm").click()
    expect(shaky.get_by_text("The connection was lost.")).to_be_visible()
    assert key_now(dana)
    shaky.get_by_role("button", name="Try again").click()
    expect(shaky.locator("#notice")).to_have_text("Your current picture")
    expect(shaky.locator("#history li")).to_have_count(1)
    assert AuditEntry.objects.filter(action="picture.confirm").count() == 1


def test_stopping_while_sending(shaky: Page, tmp_path: Path) -> None:
    shaky.route("**/upload-profile-picture/", lambda route: None)
    choose(shaky, file(tmp_path, face(1)))
    expect(shaky.locator("#progress")).to_be_visible()
    shaky.locator("#stop").click()
    expect(shaky.get_by_text("Stopped. Nothing was changed.")).to_be_visible()
    expect(shaky.locator("#choose-file")).to_be_visible()
    shaky.unroute("**/upload-profile-picture/")


def test_signed_out_meanwhile(shaky: Page, tmp_path: Path) -> None:
    shaky.context.clear_cookies()
    choose(shaky, file(tmp_path, face(1)))
    expect(shaky.get_by_text("You are signed out.")).to_be_visible()
    expect(shaky.locator("#choose-file")).to_be_visible()
    assert not ProfilePictureUpload.objects.exists()


def test_a_picture_chosen_before_the_list_is_there_is_not_lost(shaky: Page, tmp_path: Path) -> None:
    shaky.route("**/profile-picture-uploads/", lambda route: None, times=1)
    shaky.reload()
    choose(shaky, file(tmp_path, face(1)))
    cropping(shaky)


def test_a_yes_said_before_the_list_is_there_is_heard(shaky: Page, dana: User, tmp_path: Path) -> None:
    shaky.route("**/profile-picture-uploads/", lambda route: None)
    choose(shaky, file(tmp_path, face(1)))
    cropping(shaky)
    shaky.locator("#confirm").click()
    expect(shaky.get_by_text("This is your profile picture now.")).to_be_visible()
    assert key_now(dana)
