"""Quick passwords: these tests sign people in by token, not by what guards a password."""

from collections.abc import Callable
from typing import Any

import pytest

from students.tests.killing import watched


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], list[str]]:
    """See `students.tests.killing`."""
    return watched(monkeypatch)
