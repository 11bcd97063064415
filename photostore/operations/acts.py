"""What an act is: something that can be done again after a kill, and taken back unless it changed since."""

from __future__ import annotations

from abc import ABC, abstractmethod

from photostore.models import Act


class ActKind(ABC):
    """One kind of act. Both ways are idempotent: a kill may come before, within or after either."""

    name: str

    @abstractmethod
    def perform(self, act: Act) -> None:
        """Do what `act.details` says; also the second time. Raises `Changed` where it no longer applies."""

    @abstractmethod
    def revert(self, act: Act) -> None:
        """Take it back; also the second time. Raises `Changed` where somebody changed it since."""


_kinds: dict[str, ActKind] = {}


def register(kind: ActKind) -> None:
    """Make a kind of act known under its name; an app does so when it is ready."""
    _kinds[kind.name] = kind


def kind_of(act: Act) -> ActKind:
    """The kind that the journal names. Raises `KeyError` for one that no app knows any more."""
    return _kinds[act.kind]
