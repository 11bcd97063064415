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

from django.core.exceptions import SuspiciousOperation
from django.db import transaction

from photostore.errors import Changed, Conflict, FileMissing, FileTooLarge, FileUnreadable, InvalidFile
from photostore.models import OperationStep
from photostore.owners import Owner

Keys = Collection[str]

# Also what can never be done, such as a link in the way or bytes that are no picture: a step that stayed
# planned would stop every later operation. `StorageUnavailable` is not among them: it passes, and the step is
# done.
CANNOT = (Changed, Conflict, FileMissing, FileTooLarge, FileUnreadable, InvalidFile, SuspiciousOperation)

Outcome = tuple[OperationStep, Exception | None]
"""A step, and why it is not done; None where it is. What is not one of `CANNOT` passes: it stays planned."""


class StepHandler(ABC):
    """One kind of step. Both ways are idempotent: a kill may come before, within or after either."""

    name: str
    # So many are written down, and done, together.
    batch = 64

    @abstractmethod
    def perform(self, step: OperationStep) -> None:
        """Do what `step.details` says; also the second time. Raises `Changed` where it no longer applies."""

    @abstractmethod
    def revert(self, step: OperationStep) -> None:
        """Revert it; a second call changes nothing. Raises `Changed` where it was changed since."""

    def perform_many(self, steps: Sequence[OperationStep]) -> Iterator[list[Outcome]]:
        """Each of them, in batches: what a batch gives is done for good when it is given."""
        for step in steps:
            yield [outcome_of(self.perform, step)]

    def revert_many(self, steps: Sequence[OperationStep]) -> Iterator[list[Outcome]]:
        """The same of taking back."""
        for step in steps:
            yield [outcome_of(self.revert, step)]


class BatchHandler(StepHandler):
    """A kind of which many are done together; a single step is a batch of one."""

    @abstractmethod
    def perform_many(self, steps: Sequence[OperationStep]) -> Iterator[list[Outcome]]: ...

    @abstractmethod
    def revert_many(self, steps: Sequence[OperationStep]) -> Iterator[list[Outcome]]: ...

    def perform(self, step: OperationStep) -> None:
        _only(self.perform_many([step]))

    def revert(self, step: OperationStep) -> None:
        _only(self.revert_many([step]))


class RowsHandler(BatchHandler):
    """Steps that change rows and no bytes: hundreds are done in one transaction, together with their marks.

    Each is looked at by itself; those that no longer apply are given back, by their keys, with the reason.
    """

    batch = 500

    @abstractmethod
    def perform_together(self, steps: Sequence[OperationStep]) -> dict[int, str]:
        """As `perform`, for many; called in a transaction."""

    @abstractmethod
    def revert_together(self, steps: Sequence[OperationStep]) -> dict[int, str]:
        """As `revert`, for many; called in a transaction."""

    def perform_many(self, steps: Sequence[OperationStep]) -> Iterator[list[Outcome]]:
        """The transaction is open while the outcome is marked."""
        with transaction.atomic():
            yield _outcomes(steps, self.perform_together(steps))

    def revert_many(self, steps: Sequence[OperationStep]) -> Iterator[list[Outcome]]:
        """The transaction is open while the outcome is marked."""
        with transaction.atomic():
            yield _outcomes(steps, self.revert_together(steps))


def _outcomes(steps: Sequence[OperationStep], left: dict[int, str]) -> list[Outcome]:
    return [(step, Changed(left[step.pk]) if step.pk in left else None) for step in steps]


def outcome_of(work: Callable[[OperationStep], None], step: OperationStep) -> Outcome:
    """What becomes of one step. What passes by itself is raised, and the step stays planned."""
    try:
        work(step)
    except CANNOT as why:
        return step, why
    return step, None


def outcomes_of(
    many: Callable[[Sequence[OperationStep]], Iterator[list[Outcome]]], steps: Sequence[OperationStep]
) -> Iterator[list[Outcome]]:
    """What becomes of many. Where they cannot be done together, each is tried by itself: one is at fault."""
    remaining = {step.pk: step for step in steps}
    try:
        for batch in many(steps):
            for step, _why in batch:
                remaining.pop(step.pk, None)
            yield batch
    except CANNOT as why:
        if len(steps) == 1:
            yield [(step, why) for step in remaining.values()]
            return
    else:
        return
    for step in remaining.values():
        yield from outcomes_of(many, [step])


def _only(batches: Iterator[list[Outcome]]) -> None:
    for batch in batches:
        for _step, why in batch:
            if why is not None:
                raise why


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
    # Under whose locks an upload would write keys, for those that one may write a second time. A key with a
    # fresh UUID in it is written once, seconds before its row: there the age of the file is enough.
    owners_of_keys: Callable[[Keys], dict[str, Owner]] = lambda _keys: {}
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
