"""Checking names and passwords, not too often."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest
from django.utils import timezone

from photostore.audit import client_address, subject_of_user
from photostore.errors import TooManyAttempts
from photostore.models import AuditEntry
from photostore.throttling import WINDOW_SECONDS, count, counted, network_of, uncount
from profile_pictures.models import User

WRONG_PASSWORDS_PER_MINUTE = 10
# From one network, all names together; a whole school may sit behind one.
WRONG_PASSWORDS_OF_A_NETWORK_PER_MINUTE = 60
# For one name from all networks together: an attacker with many addresses is slowed down too.
WRONG_PASSWORDS_OF_A_NAME_PER_HOUR = 100
# Of one person, with the right password: each costs as much CPU, a token and a row of the audit.
SIGN_INS_PER_MINUTE = 30
HOUR = 3600
KNOWN_FOR = timedelta(days=30)


class ThrottledModelBackend(ModelBackend):
    """Django's own check of name and password, with so many wrong ones at most.

    It counts before it looks, so guesses sent at once are counted too, and takes a right one back. As an
    authentication backend it guards every way in: the API's login and the admin's.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        """The user, or None for a wrong name or password. Raises `TooManyAttempts`."""
        network = network_of(client_address(request)) if request is not None else "-"
        name = _typed(username or "")
        attempts = _counted(username or "", name, network)
        user = super().authenticate(request, username=username, password=password, **kwargs)
        if user is not None:
            uncount(*attempts)
            count(_right(name))
        return user


def _counted(username: str, name: str, network: str) -> list[str]:
    """Count one more attempt; what to take back when it was a right one. Raises `TooManyAttempts`.

    Each check costs a good part of a second of CPU, whatever the name: names are free to make up. A client
    that signed in from there lately is held up by guesses at their own name from there alone.
    """
    of_network, of_both, of_name = f"login:{network}", f"login:{name}:{network}", f"login:{name}"
    is_flooded = count(of_network) > WRONG_PASSWORDS_OF_A_NETWORK_PER_MINUTE
    if is_flooded and not _is_known(username, network):
        raise TooManyAttempts(retry_after_seconds=WINDOW_SECONDS)
    if count(of_both) > WRONG_PASSWORDS_PER_MINUTE or counted(_right(name)) >= SIGN_INS_PER_MINUTE:
        raise TooManyAttempts(retry_after_seconds=WINDOW_SECONDS)
    is_guessed_at = count(of_name, window_seconds=HOUR) > WRONG_PASSWORDS_OF_A_NAME_PER_HOUR
    if is_guessed_at and not _is_known(username, network):
        raise TooManyAttempts(retry_after_seconds=HOUR)
    return [of_network, of_both, of_name]


def _right(name: str) -> str:
    return f"signed-in:{name}"


def _typed(username: str) -> str:
    """Hashed: the name is whatever was typed, perhaps a password in the wrong field."""
    return hashlib.sha256(username.casefold().encode(errors="replace")).hexdigest()[:32]


def _is_known(username: str, network: str) -> bool:
    """Whether this person signed in from there lately: guesses from elsewhere must not lock them out."""
    person = User.objects.filter(username=username).values_list("pk", flat=True).first()
    since = timezone.now() - KNOWN_FOR
    sign_ins = AuditEntry.objects.filter(subject=subject_of_user(person), action="login", at__gt=since)
    addresses = sign_ins.filter(outcome=AuditEntry.Outcome.DONE).order_by().values_list("address", flat=True)
    return any(network_of(address) == network for address in addresses.distinct())
