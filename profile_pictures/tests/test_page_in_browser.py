"""The page as a person uses it: a real Chromium, the real gunicorn, PostgreSQL and a disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from profile_pictures.models import User
from profile_pictures.tests.handing_in import check_consistent, face, opened, stored
from profile_pictures.tests.window import choose, cropping, drag, file, key_now, sign_in, tab_to
from testing.browser import both_windows, choose_by_key, each_window, screenshot

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("one_house"),
]


@both_windows
def test_the_whole_way_and_back(mine: Page, dana: User, tmp_path: Path, window: Any) -> None:
    expect(mine.locator("#no-picture")).to_be_visible()
    screenshot(mine, "nothing_yet")
    choose(mine, file(tmp_path, face(1, width=900, height=1200)))
    cropping(mine)
    assert key_now(dana) == "", "seeing is not saying yes"
    screenshot(mine, "crop")
    mine.locator("#confirm").click()
    expect(mine.get_by_text("This is your profile picture now.")).to_be_visible()
    first = key_now(dana)
    assert opened(stored()[first]).size == (900, 900)
    screenshot(mine, "confirmed")
    choose(mine, file(tmp_path, face(2, width=1200, height=800)))
    cropping(mine)
    drag(mine, "#handle", -120, -120)
    drag(mine, "#square", 60, 30)
    screenshot(mine, "crop_dragged")
    mine.locator("#confirm").click()
    expect(mine.get_by_text("This is your profile picture now.")).to_be_visible()
    assert key_now(dana) != first
    assert opened(stored()[key_now(dana)]).size < (800, 800)
    expect(mine.locator("#history li")).to_have_count(2)
    mine.reload()
    expect(mine.locator("#history li")).to_have_count(2)
    screenshot(mine, "history")
    mine.get_by_role("button", name="Restore this picture").click()
    expect(mine.get_by_text("The earlier picture was restored as your profile picture.")).to_be_visible()
    assert key_now(dana) == first
    check_consistent()


@each_window
def test_in_french_with_a_refused_file(new_window: Any, dana: User, tmp_path: Path, window: Any) -> None:
    width, scheme = window
    page = new_window(locale="fr-FR", viewport={"width": width, "height": 850}, color_scheme=scheme)
    sign_in(page)
    choose(page, file(tmp_path, b"Chers tous, me voici.", "moi.jpg"))
    expect(page.get_by_role("alert").locator("p").first).not_to_be_empty()
    expect(page.get_by_role("button", name="Choisir un fichier")).to_be_visible()
    screenshot(page, "refused_fr")
    choose(page, file(tmp_path, face(1)))
    cropping(page)
    screenshot(page, "crop_fr")
    page.get_by_role("button", name="Oui, utiliser cette photo").click()
    expect(page.get_by_text("C’est maintenant votre photo de profil.")).to_be_visible()
    first = key_now(dana)
    assert first
    choose(page, file(tmp_path, face(2)))
    cropping(page)
    page.get_by_role("button", name="Oui, utiliser cette photo").click()
    expect(page.locator("#history li")).to_have_count(2)
    page.get_by_role("button", name="Rétablir cette photo").click()
    expect(page.get_by_text("L’ancienne photo a été rétablie comme photo de profil.")).to_be_visible()
    assert key_now(dana) == first


def test_the_other_language_is_one_press_away(mine: Page, tmp_path: Path) -> None:
    mine.get_by_role("button", name="Français").click()
    expect(mine.get_by_role("button", name="Choisir un fichier")).to_be_visible()
    expect(mine.locator("html")).to_have_attribute("lang", "fr")
    choose(mine, file(tmp_path, b"Chers tous, me voici.", "moi.jpg"))
    expect(mine.get_by_role("alert")).to_contain_text("fichier")
    screenshot(mine, "refused_after_switching")
    mine.get_by_role("button", name="English").click()
    expect(mine.get_by_role("button", name="Choose a file")).to_be_visible()


def test_two_fingers_pinch_the_square(new_window: Any, dana: User, tmp_path: Path) -> None:
    page = new_window(viewport={"width": 390, "height": 850}, has_touch=True, is_mobile=True)
    sign_in(page)
    choose(page, file(tmp_path, face(1, width=900, height=1200)))
    cropping(page)
    page.locator("#square").scroll_into_view_if_needed()
    before = page.locator("#square").bounding_box()
    assert before is not None
    x, y = before["x"] + before["width"] / 2, before["y"] + before["height"] / 2
    fingers = page.context.new_cdp_session(page)

    def touch(kind: str, *apart: int) -> None:
        points = [{"x": x + side, "y": y, "id": at} for at, side in enumerate(apart)]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", -80)
    touch("touchStart", -80, 80)
    for distance in (70, 60, 50, 40):
        touch("touchMove", -distance, distance)
    touch("touchEnd")
    after = page.locator("#square").bounding_box()
    assert after is not None
    assert after["width"] == pytest.approx(before["width"] / 2, rel=0.05)
    assert after["x"] + after["width"] / 2 == pytest.approx(x, abs=3), "it shrinks between the fingers"
    page.locator("#confirm").click()
    expect(page.get_by_text("This is your profile picture now.")).to_be_visible()
    assert opened(stored()[key_now(dana)]).size == pytest.approx((450, 450), abs=25)


def test_starting_again_leaves_nothing(mine: Page, dana: User, tmp_path: Path) -> None:
    choose(mine, file(tmp_path, face(1)))
    cropping(mine)
    mine.locator("#start-again").click()
    expect(mine.get_by_text("Deleted.")).to_be_visible()
    assert stored() == {}
    assert key_now(dana) == ""


@each_window
def test_five_that_wait_are_listed_and_can_be_dropped(mine: Page, tmp_path: Path, window: Any) -> None:
    for seed in range(5):
        choose(mine, file(tmp_path, face(seed)))
        cropping(mine)
        mine.reload()
    choose(mine, file(tmp_path, face(5)))
    expect(mine.get_by_text("5 of your pictures are already awaiting")).to_be_visible()
    expect(mine.locator("#waiting li")).to_have_count(5)
    screenshot(mine, "too_many")
    mine.get_by_role("button", name="Delete it").first.click()
    expect(mine.locator("#waiting li")).to_have_count(4)
    mine.get_by_role("button", name="Go on with this one").last.click()
    cropping(mine)
    mine.locator("#confirm").click()
    expect(mine.locator("#history li")).to_have_count(1)


def test_with_the_keyboard_alone(page: Page, dana: User, tmp_path: Path) -> None:
    sign_in(page)
    expect(page.locator("#no-picture")).to_be_visible()
    page.wait_for_load_state("networkidle")
    tab_to(page, "#choose-file")
    choose_by_key(page, file(tmp_path, face(1, width=1200, height=800)))
    cropping(page)
    tab_to(page, "#crop-size")
    for _ in range(30):
        page.keyboard.press("ArrowLeft")
    tab_to(page, "#crop-x")
    page.keyboard.press("Home")
    tab_to(page, "#crop-y")
    page.keyboard.press("End")
    tab_to(page, "#confirm")
    page.keyboard.press("Enter")
    expect(page.get_by_text("This is your profile picture now.")).to_be_visible()
    width, height = opened(stored()[key_now(dana)]).size
    assert width == height < 800
