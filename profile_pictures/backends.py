"""Checking names and passwords, not too often."""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from photostore.audit import client_address
from photostore.errors import TooManyAttempts
from photostore.throttling import WINDOW_SECONDS, count, take_back
from profile_pictures.models import User

WRONG_PASSWORDS_PER_MINUTE = 10
# From one address, all names together; a whole school may sit behind one.
ATTEMPTS_PER_MINUTE = 60


class ThrottledModelBackend(ModelBackend):
    """Django's own check of name and password, at most ten wrong ones a minute per user and address.

    It counts before it looks, so guesses sent at once are counted too, and takes a right one back. As an
    authentication backend it guards every door: the API's login and the admin's.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        """The user, or None for a wrong name or password. Raises `TooManyAttempts`."""
        if request is not None and count(f"login:{client_address(request)}") > ATTEMPTS_PER_MINUTE:
            # Each check costs a good part of a second of CPU, whatever the name: names are free to make up.
            raise TooManyAttempts(retry_after_seconds=WINDOW_SECONDS)
        name = _attempts_name(request, username or "")
        if count(name) > WRONG_PASSWORDS_PER_MINUTE:
            raise TooManyAttempts(retry_after_seconds=WINDOW_SECONDS)
        user = super().authenticate(request, username=username, password=password, **kwargs)
        if user is not None:
            take_back(name)
        return user


def _attempts_name(request: HttpRequest | None, username: str) -> str:
    # Hashed: the name is whatever somebody typed, perhaps a password in the wrong field.
    typed = hashlib.sha256(username.casefold().encode(errors="replace")).hexdigest()[:32]
    address = client_address(request) if request is not None else "-"
    return f"login:{typed}:{address}"
