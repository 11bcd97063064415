"""What `manage.py check` says: of secrets (`--deploy`), and of sessions (`--database default`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from procrastinate.contrib.django.utils import connector_params

from photostore.pooler import CAUSE, CURE, sessions_are_shared

MIN_LENGTH = 32
MIN_LETTERS = 10
HINT = "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(50))'"


@register(Tags.security, deploy=True)
def secrets_cannot_be_guessed(**_kwargs: Any) -> list[CheckMessage]:
    """Stop where a secret is too short or says the same few letters."""
    weak = dict.fromkeys(name for name, secret in _secrets() if _is_weak(secret))
    return [Error(f"{name} can be guessed.", hint=HINT, id="photokeep.E001") for name in weak]


@register(Tags.database)
def sessions_are_our_own(databases: Sequence[str] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """Stop where a pooler gives every statement another session."""
    if "default" not in (databases or ()):
        return []
    if not sessions_are_shared(lambda: psycopg.connect(**connector_params())):
        return []
    return [Error(f"{CAUSE}.", hint=f"{CURE[0].upper()}{CURE[1:]}.", id="photokeep.E002")]


def _secrets() -> Iterator[tuple[str, str]]:
    yield "SECRET_KEY", settings.SECRET_KEY
    for name in ("SECRET_KEY_FALLBACKS", "PHOTO_IDENTITY_KEYS"):
        yield from ((name, secret) for secret in getattr(settings, name))
    if settings.METRICS_TOKEN:
        yield "METRICS_TOKEN", settings.METRICS_TOKEN


def _is_weak(secret: str) -> bool:
    return len(secret) < MIN_LENGTH or len(set(secret)) < MIN_LETTERS
