"""What an app tells of itself: one object, registered in `AppConfig.ready()`. photostore knows no app.

`apps()` gives all of them: the operations use it for handlers and guards, the inventory for rows and
inspectors, the sweep for locks, delivery for legacy files.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import transaction

from photostore.errors import Changed
from photostore.models import OperationStep
from photostore.owners import Owner

Keys = Collection[str]


class StepHandler(ABC):
    """One kind of step. Both ways are idempotent: a kill may come before, within or after either."""

    name: str

    @abstractmethod
    def perform(self, step: OperationStep) -> None:
        """Do what `step.details` says; also the second time. Raises `Changed` where it no longer applies."""

    @abstractmethod
    def revert(self, step: OperationStep) -> None:
        """Revert it; a second call changes nothing. Raises `Changed` where it was changed since."""


class RowsHandler(StepHandler):
    """Steps that change rows and no bytes: hundreds are done in one transaction, and so is their journal.

    Each is looked at by itself; those that no longer apply are given back, by their keys, with the reason.
    """

    @abstractmethod
    def perform_together(self, steps: Sequence[OperationStep]) -> dict[int, str]:
        """As `perform`, for many; called in a transaction."""

    @abstractmethod
    def revert_together(self, steps: Sequence[OperationStep]) -> dict[int, str]:
        """As `revert`, for many; called in a transaction."""

    def perform(self, step: OperationStep) -> None:
        self._alone(self.perform_together, step)

    def revert(self, step: OperationStep) -> None:
        self._alone(self.revert_together, step)

    def _alone(
        self, together: Callable[[Sequence[OperationStep]], dict[int, str]], step: OperationStep
    ) -> None:
        with transaction.atomic():
            left = together([step])
        if step.pk in left:
            raise Changed(left[step.pk])


@dataclass(frozen=True, slots=True)
class Guard:
    """Pictures under these first folders need these permissions, beside photostore's own, in operations."""

    folders: frozenset[str]
    view: str
    change: str


@dataclass(frozen=True, slots=True)
class Inspector:
    """Tells a file that names another person than its owner.

    `named` is pure and runs in any thread: whom the bytes name, None where they name no one; it may raise
    `PhotostoreError`. `expected` gives the names of many owners, by owner id, from the database. `prepare`
    is called before threads ask `named`: whatever that needs from the database. May raise
    `StorageUnavailable`.
    """

    owner_label: str
    named: Callable[[bytes], str | None]
    expected: Callable[[Collection[str]], dict[str, str]]
    prepare: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A row that says something else than another one, and `step`, what to do about it.

    `kind`: `inconsistent` within one owner's rows, or `shared` between owners.
    """

    key: str
    who: str
    why: str
    step: str
    owner_id: int
    kind: str = "inconsistent"


@dataclass(frozen=True, slots=True)
class Repair:
    """A step of an operation that takes a contradiction away."""

    kind: str
    subject: str
    details: dict[str, Any]


def _none_of(_keys: Keys) -> set[str]:
    return set()


@dataclass(frozen=True, kw_only=True)
class AppRegistration:
    """One app's word on its files. What is asked about many keys at once is asked of the database."""

    name: str
    # The kinds of steps that the app's operations are made of.
    handlers: Collection[StepHandler] = ()
    guards: Collection[Guard] = ()
    inspectors: Collection[Inspector] = ()
    # Under whose lock an upload would write a key, for keys that one may write a second time. A key with a
    # fresh UUID in it is written once, seconds before its row: there the age of the file is enough.
    owner_of_key: Callable[[str], Owner | None] = lambda _key: None
    # Those that are on their way in, without a row of the register: neither orphaned nor missing.
    arriving_keys: Callable[[Keys], set[str]] = _none_of
    # Those that rows of another system name, and that `adopt_media` makes known.
    legacy_keys: Callable[[Keys], set[str]] = _none_of
    # Makes them known as steps of the operation (`OperationRunner`), where no confirmation is needed.
    adopt: Callable[[Keys, Any], None] = lambda _keys, _runner: None
    # Whose row names a key as a legacy one: the mark that their links carry; None where no row does.
    legacy_mark: Callable[[str], str | None] = lambda _key: None
    # Unowned files that are to be adopted or asked about, so that no sweep takes them.
    kept_keys: Callable[[Keys], set[str]] = _none_of
    # Whose a key is, for people.
    who: Callable[[Keys], dict[str, str]] = lambda _keys: {}
    contradictions: Callable[[], Iterator[Contradiction]] = lambda: iter(())
    # What takes a contradiction away, where the evidence decides.
    repair: Callable[[Contradiction], Repair | None] = lambda _contradiction: None

    @cached_property
    def handlers_by_name(self) -> dict[str, StepHandler]:
        """The handlers by the names of their steps."""
        return {handler.name: handler for handler in self.handlers}


_apps: dict[str, AppRegistration] = {}


def register_app(registration: AppRegistration) -> None:
    """Make the app known, in the place of what it said before."""
    _apps[registration.name] = registration


def apps() -> Collection[AppRegistration]:
    return _apps.values()
