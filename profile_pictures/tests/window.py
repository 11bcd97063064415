"""What the browser tests do over and over on `/me/picture/`."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from profile_pictures.models import User
from testing.browser import screenshot

PAGE = "/me/picture/"


def sign_in(page: Page) -> None:
    page.goto(PAGE)
    page.fill("#id_username", "dana")
    page.fill("#id_password", "dana-secret")
    screenshot(page, f"sign_in_{page.locator('html').get_attribute('lang')}")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("rofil")


def file(tmp_path: Path, data: bytes, name: str = "me.jpg") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def choose(page: Page, path: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.locator("#choose-file").click()
    chooser.value.set_files(path)


def cropping(page: Page) -> None:
    expect(page.locator("#crop-title")).to_be_visible()
    page.locator("#stage-image").evaluate("image => image.decode()")


def key_now(dana: User) -> str:
    dana.refresh_from_db()
    return str(dana.profile_picture.name or "")


def drag(page: Page, selector: str, right: int, down: int) -> None:
    page.locator(selector).scroll_into_view_if_needed()
    box = page.locator(selector).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right, y + down, steps=5)
    page.mouse.up()


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until `selector` has the focus, once it is there: Tab would leave an empty page."""
    expect(page.locator(selector)).to_be_visible()
    for _ in range(40):
        if page.evaluate("selector => document.activeElement?.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never comes to {selector}")


FAKE_CAMERA = """
const canvas = Object.assign(document.createElement("canvas"), {width: 640, height: 480});
const pen = canvas.getContext("2d");
setInterval(() => { pen.fillStyle = "#c33"; pen.fillRect(0, 0, 640, 480);
                    pen.fillStyle = "#33c"; pen.fillRect(0, 0, 320, 480); }, 50);
window.asked = [];
navigator.mediaDevices.getUserMedia = async (wish) => {
    window.asked.push(wish);
    if (window.refuseCamera) throw new DOMException("no", "NotAllowedError");
    return window.stream = canvas.captureStream(20);
};
"""
