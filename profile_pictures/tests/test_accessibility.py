"""axe-core over every state of the page. It comes from npm, locked, into a folder of the tests' own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from profile_pictures.models import User
from profile_pictures.tests.handing_in import face
from profile_pictures.tests.window import FAKE_CAMERA, PAGE, choose, cropping, file, sign_in
from testing.browser import each_window
from testing.npm import installed

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("one_house"),
]

LOCKED = Path(__file__).parent / "axe"
RUN = """async () => (await axe.run(document)).violations.map(
    found => [found.impact, found.help, ...found.nodes.map(node => node.html)].join(': ')
)"""


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    return (installed(LOCKED, tmp_path_factory.mktemp("axe")) / "axe-core/axe.min.js").read_text()


@each_window
def test_nothing_to_complain_about(page: Page, dana: User, axe: str, tmp_path: Path, window: Any) -> None:
    def complaints() -> list[str]:
        page.evaluate(axe)
        return list(page.evaluate(RUN))

    page.add_init_script(FAKE_CAMERA)
    page.goto(PAGE)
    assert complaints() == [], "signing in"
    sign_in(page)
    expect(page.locator("#no-picture")).to_be_visible()
    assert complaints() == [], "nothing yet"
    choose(page, file(tmp_path, b"no picture"))
    expect(page.get_by_role("alert").locator("p")).not_to_be_empty()
    assert complaints() == [], "refused"
    choose(page, file(tmp_path, face(1)))
    cropping(page)
    assert complaints() == [], "the crop"
    page.locator("#confirm").click()
    expect(page.locator("#history li")).to_have_count(1)
    choose(page, file(tmp_path, face(2)))
    cropping(page)
    page.reload()
    expect(page.locator("#waiting li")).to_have_count(1)
    assert complaints() == [], "the history, and one that waits"
    page.locator("#open-camera").click()
    expect(page.locator("#shoot")).to_be_visible()
    assert complaints() == [], "the camera"
