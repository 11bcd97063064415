"""`check --deploy` ends with an error where a secret can be guessed."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from django.core.management import CommandError, call_command

STRONG = secrets.token_urlsafe(50)


@pytest.mark.parametrize("weak", ["scrape-me", "x" * 64, "abcabcabc" * 10])
@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "SECRET_KEY_FALLBACKS", "PHOTO_IDENTITY_KEYS", "METRICS_TOKEN"]
)
def test_a_weak_secret_stops_it(settings: Any, name: str, weak: str) -> None:
    is_list = isinstance(getattr(settings, name), list)
    setattr(settings, name, [STRONG, weak] if is_list else weak)
    with pytest.raises(CommandError, match=f"{name} can be guessed"):
        call_command("check", "--deploy")


def test_strong_secrets_do_not(settings: Any) -> None:
    settings.SECRET_KEY = settings.METRICS_TOKEN = STRONG
    settings.SECRET_KEY_FALLBACKS = settings.PHOTO_IDENTITY_KEYS = [secrets.token_urlsafe(50)]
    call_command("check", "--deploy")
