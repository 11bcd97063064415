"""What apps know of a key: whose lock guards it, and whether an upload waits for it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from photostore.errors import Conflict
from photostore.owners import Owner, all_locked
from photostore.registration import apps


def claimed_by_apps(keys: Collection[str]) -> set[str]:
    """Those of `keys` that an app is still waiting for."""
    return set().union(*(app.arriving_keys(keys) for app in apps()))


def owner_of_key(key: str) -> Owner | None:
    """Whose lock an upload holds while it writes `key`; None where no upload writes it a second time."""
    return _owners_of_keys([key]).get(key)


@contextmanager
def locked_key(key: str) -> Iterator[None]:
    """Under the lock that an upload holds while it publishes `key`."""
    with locked_keys([key]):
        yield


@contextmanager
def locked_keys(keys: Collection[str]) -> Iterator[None]:
    """The same of many. Raises `Conflict` where somebody holds one for too long."""
    with all_locked(set(_owners_of_keys(keys).values())) as held_by_others:
        if held_by_others:
            raise Conflict
        yield


def _owners_of_keys(keys: Collection[str]) -> dict[str, Owner]:
    found: dict[str, Owner] = {}
    for app in apps():
        found = app.owners_of_keys(keys) | found
    return found
