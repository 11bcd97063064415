"""A pytest plugin: the installed Chromium, driven against the real gunicorn on the test's database.

Tests that use it are marked `browser` (`testing.left_out`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from testing.left_out import program
from testing.service import Service, live_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
# For whatever is waited for, a page or a sentence on it; a laden machine takes its time.
PATIENCE_MS = 30_000
Window = tuple[int, Literal["light", "dark"]]
WIDE, NARROW = (1280, "light"), (390, "dark")
# A page whose way through it is the same in both is looked at in the narrow one by `make test-all`.
each_window = pytest.mark.parametrize(
    "window",
    [pytest.param(WIDE, id="wide"), pytest.param(NARROW, id="narrow", marks=pytest.mark.exhaustive)],
)
both_windows = pytest.mark.parametrize("window", [WIDE, NARROW], ids=["wide", "narrow"])


def choose_by_key(page: Page, path: Path, key: str = "Enter") -> None:
    """Open the file chooser of what has the focus and choose `path`.

    That choosers be told to us is asked for on another way than keys take, and a busy page would see the key
    first; an answer that comes by the same way says that it has heard.
    """
    with page.expect_file_chooser() as chooser:
        page.evaluate("null")
        page.keyboard.press(key)
    chooser.value.set_files(path)


@dataclass
class Visit:
    """What one page did while it was used; nothing of this should happen."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        self.page.on("request", self._asked)

    def _heard(self, message: Any) -> None:
        # The browser itself reports a refused request so; those are asked for by the tests.
        if message.type == "error" and "the server responded with a status of 4" not in message.text:
            self.complaints.append(f"console: {message.text}")

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((f"{self.url}/", "data:", "blob:")):
            self.complaints.append(f"another host: {request.url}")


@pytest.fixture(scope="session")
def gunicorn(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    with django_db_blocker.unblock(), live_server(tmp_path_factory.mktemp("served")) as server:
        yield server


@pytest.fixture
def served(gunicorn: Service, transactional_db: None) -> Service:
    """The real server, ready for this test.

    It remembers content types for as long as it lives; `testing.flushing` leaves them as they are.
    """
    return gunicorn


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The installed Chromium.

    For one module and not for the session: Playwright's loop runs in this thread as long as it is open,
    and Django would take every query for one made inside it.
    """
    from playwright.sync_api import expect, sync_playwright

    path = program("browser")
    with pytest.MonkeyPatch.context() as environment, sync_playwright() as playwright:
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        expect.set_options(timeout=PATIENCE_MS)
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, served: Service, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A window of its own for every test: 1280 wide unless the test is parametrised with a `window`.

    At the end nothing may have been reported on the console, and no other host asked for anything.
    """
    callspec = getattr(request.node, "callspec", None)
    usual: Window = (1280, "light")
    width, scheme = callspec.params.get("window", usual) if callspec else usual
    context = browser.new_context(
        base_url=served.url, viewport={"width": width, "height": 850}, color_scheme=scheme, locale="en-GB"
    )
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    visit = Visit(page, served.url)
    yield page
    context.close()
    assert not visit.complaints, served.log[-4000:]


def screenshot(page: Page, name: str) -> None:
    """Kept in the folder that `SCREENSHOTS_DIR` names, if it does."""
    if folder := os.environ.get("SCREENSHOTS_DIR"):
        page.wait_for_load_state("networkidle")
        width = page.viewport_size["width"] if page.viewport_size else 0
        page.screenshot(path=Path(folder) / f"{name}_{width}.png", full_page=True)
