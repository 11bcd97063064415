"""A window, as the tests of the page want it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import global_settings

from testing.browser import PATIENCE_MS
from testing.people import DISK


@pytest.fixture
def one_house(served: Any, settings: Any, quick_passwords: None, own_storage: None) -> None:
    """The test looks into the same folder as the real server, and makes passwords that it can check."""
    from photostore.storage import storage_for
    from profile_pictures.tests.handing_in import stored

    settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS
    place = {"BACKEND": DISK, "OPTIONS": {"location": served.folder / "media"}}
    settings.STORAGES = settings.STORAGES | {"default": place}
    for key in stored():
        storage_for().remove(key)


@pytest.fixture
def new_window(
    one_house: None, browser: Any, served: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Any]]:
    """Opens windows as a test wants them: in another language, with a finger, with a shaky connection."""
    # As in testing.browser: Playwright's loop runs in this thread.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    contexts = []

    def open_window(**options: Any) -> Any:
        contexts.append(browser.new_context(base_url=served.url, **options))
        contexts[-1].set_default_timeout(PATIENCE_MS)
        return contexts[-1].new_page()

    yield open_window
    for context in contexts:
        context.close()


@pytest.fixture
def mine(one_house: None, page: Any, dana: Any) -> Any:
    from profile_pictures.tests.window import sign_in

    sign_in(page)
    return page
