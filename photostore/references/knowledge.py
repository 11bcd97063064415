"""What apps tell about their files: whose a key is, and whom a picture names.

photostore knows no students; an app registers what it knows when it is ready.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from photostore.owners import Owner


@dataclass(frozen=True, slots=True)
class Inspector:
    """Tells a file that names somebody else than its owner.

    `named` is pure and runs in any thread: whom the bytes name, None where they name nobody; it may raise
    `PhotostoreError`. `expected` gives the names of many owners, by owner id, from the database.
    """

    owner_label: str
    named: Callable[[bytes], str | None]
    expected: Callable[[Collection[str]], dict[str, str]]
    # Called before threads ask `named`: whatever that needs from the database. May raise `StorageAway`.
    prepare: Callable[[], None] = lambda: None


OwnerOfKey = Callable[[str], Owner | None]
ClaimedKeys = Callable[[Collection[str]], set[str]]

_inspectors: dict[str, Inspector] = {}
_owners_of_keys: list[OwnerOfKey] = []
_claimants: list[ClaimedKeys] = []


def inspect_with(inspector: Inspector) -> None:
    """Let `verify_media` look for misplaced files of this kind of owner."""
    _inspectors[inspector.owner_label] = inspector


def inspector_of(owner_label: str) -> Inspector | None:
    """Who can tell a misplaced file of this kind of owner."""
    return _inspectors.get(owner_label)


def name_owners_with(owner_of_key: OwnerOfKey) -> None:
    """Let the sweep know under whose lock an upload would write a key.

    Needed for keys that an upload may write a second time. A key with a fresh UUID in it is written once,
    within seconds before its row: there the age of the file is enough.
    """
    if owner_of_key not in _owners_of_keys:
        _owners_of_keys.append(owner_of_key)


def claim_keys_with(claimed_keys: ClaimedKeys) -> None:
    """Let the inventory know which files are somebody's without a row of the register: those on their way in.

    It is asked about many keys at once, from the database. Such a file is neither orphaned nor missing.
    """
    if claimed_keys not in _claimants:
        _claimants.append(claimed_keys)


def claimed_by_apps(keys: Collection[str]) -> set[str]:
    """Those of `keys` that an app is still waiting for."""
    return set().union(*(ask(keys) for ask in _claimants))


def owner_of_key(key: str) -> Owner | None:
    """Whose lock an upload holds while it writes `key`; None where no upload writes it a second time."""
    return next((owner for ask in _owners_of_keys if (owner := ask(key)) is not None), None)


@contextmanager
def held(key: str) -> Iterator[None]:
    """Under the lock that an upload holds while it publishes `key`."""
    owner = owner_of_key(key)
    if owner is None:
        yield
        return
    with owner.locked():
        yield
