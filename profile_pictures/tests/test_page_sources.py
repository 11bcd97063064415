"""Other ways in than a chosen file: dragged, pasted, the camera; and a finger. In a real Chromium."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from profile_pictures.models import ProfilePictureUpload, User
from profile_pictures.tests.handing_in import face, opened, stored
from profile_pictures.tests.window import FAKE_CAMERA, choose, cropping, file, key_now, sign_in
from testing.browser import each_window, screenshot
from testing.service import live_server

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("one_house"),
]


TRANSFER = """(bytes) => {
    const held = new DataTransfer();
    held.items.add(new File([new Uint8Array(bytes)], "image.png", {type: "image/png"}));
    return held;
}"""


PASTE = "held => document.dispatchEvent(new ClipboardEvent('paste', {clipboardData: held}))"


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_dragged_in_or_pasted(mine: Page, way: str) -> None:
    held = mine.evaluate_handle(TRANSFER, list(face(1, "PNG", width=200, height=260)))
    if way == "drop":
        mine.dispatch_event("#drop-zone", "drop", {"dataTransfer": held})
    else:
        mine.evaluate(PASTE, held)
    cropping(mine)
    assert ProfilePictureUpload.objects.get().original_filename == "image.png"


@each_window
def test_the_camera(page: Page, dana: User, window: Any) -> None:
    page.add_init_script(FAKE_CAMERA)
    sign_in(page)
    page.evaluate("window.refuseCamera = true")
    page.locator("#open-camera").click()
    expect(page.get_by_text("The camera cannot be used.")).to_be_visible()
    page.evaluate("window.refuseCamera = false")
    page.locator("#open-camera").click()
    expect(page.locator("#camera video")).not_to_have_js_property("videoWidth", 0)
    screenshot(page, "camera")
    page.locator("#shoot").click()
    cropping(page)
    assert page.evaluate("window.stream.getTracks().every(track => track.readyState === 'ended')")
    upload = ProfilePictureUpload.objects.get()
    assert (upload.original_filename, upload.width, upload.height) == ("camera.jpg", 640, 480)
    left = opened(stored()[upload.key]).getpixel((100, 240))
    assert left[2] > left[0], "kept as others see it, not as in the mirror"


def test_with_a_finger(new_window: Any, dana: User, tmp_path: Path) -> None:
    page: Page = new_window(viewport={"width": 390, "height": 850}, has_touch=True, is_mobile=True)
    sign_in(page)
    choose(page, file(tmp_path, face(1, width=1200, height=800)))
    cropping(page)
    before = page.locator("#square").bounding_box()
    assert before is not None
    touch = page.context.new_cdp_session(page)
    x, y = before["x"] + before["width"] / 2, before["y"] + before["height"] / 2
    for kind, points in [
        ("touchStart", [{"x": x, "y": y}]),
        ("touchMove", [{"x": x + 20, "y": y}]),
        ("touchMove", [{"x": x + 40, "y": y}]),
        ("touchEnd", []),
    ]:
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    after = page.locator("#square").bounding_box()
    assert after is not None
    assert 25 < after["x"] - before["x"] < 45
    # Not tapped: of a synthetic touch that comes and goes whole, a laden Chromium at times makes no click.
    page.locator("#confirm").click()
    expect(page.get_by_text("This is your profile picture now.")).to_be_visible()
    assert opened(stored()[key_now(dana)]).size == (800, 800)


def test_with_the_pictures_in_a_bucket(
    browser: Browser,
    dana: User,
    s3_server: Any,
    s3_bucket: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The links lead to another host then: the page's policy must let just these pictures in."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with live_server(tmp_path / "served", **s3_server.environment(s3_bucket)) as server:
        context = browser.new_context(base_url=server.url)
        page = context.new_page()
        sign_in(page)
        choose(page, file(tmp_path, face(1)))
        cropping(page)
        assert s3_server.endpoint_url in (page.locator("#stage-image").get_attribute("src") or "")
        page.locator("#confirm").click()
        expect(page.locator("#today")).to_be_visible()
        page.locator("#today").evaluate("image => image.decode()")
        context.close()
