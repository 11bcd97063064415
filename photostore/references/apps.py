"""What apps know of a key: whose lock guards it, and whether an upload waits for it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from photostore.owners import Owner
from photostore.registration import apps


def claimed_by_apps(keys: Collection[str]) -> set[str]:
    """Those of `keys` that an app is still waiting for."""
    return set().union(*(app.arriving_keys(keys) for app in apps()))


def owner_of_key(key: str) -> Owner | None:
    """Whose lock an upload holds while it writes `key`; None where no upload writes it a second time."""
    return next((owner for app in apps() if (owner := app.owner_of_key(key)) is not None), None)


@contextmanager
def locked_key(key: str) -> Iterator[None]:
    """Under the lock that an upload holds while it publishes `key`."""
    owner = owner_of_key(key)
    if owner is None:
        yield
        return
    with owner.locked():
        yield
