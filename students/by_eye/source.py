"""Where the photos come from that somebody looks at: what such a source has to know."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from django.utils.functional import Promise

from photostore.audit import Actor
from photostore.operations.pictures import FileRef
from students.models import Student, StudentQuerySet

MOST_CANDIDATES = 6


@dataclass
class Choice:
    """A student whom a photo may show, and why, in words."""

    student: Student
    reasons: list[str | Promise]


@dataclass
class Item:
    """One photo. `token` names it in the source, `seen` is its sha256. `decided`: somebody said whom it
    shows, `picked`, or that it is nobody.
    """

    token: str
    seen: str
    label: str
    choices: list[Choice] = field(default_factory=list)
    notes: list[str | Promise] = field(default_factory=list)
    decided: bool = False
    picked: Student | None = None


@dataclass
class Pick:
    """What was said of one photo, for the last page. `problem`: why it was not done."""

    token: str
    seen: str
    label: str
    student: Student | None
    problem: str = ""
    may_confirm: bool = False


@dataclass
class Result:
    """What a commit did; `left` are the picks that stay as they are."""

    given: int
    left: list[Pick]


class Source(ABC):
    """The photos of one source, in the order in which they were taken as far as that is known."""

    title: str | Promise

    @abstractmethod
    def items(self) -> list[Item]:
        """Each with at most `MOST_CANDIDATES` choices. Raises `PhotostoreError` where they cannot be read."""

    @abstractmethod
    def picture(self, token: str) -> FileRef:
        """Raises `PhotostoreError` for what is none of its photos."""

    @abstractmethod
    def students(self) -> StudentQuerySet:
        """Who has no photo of this source yet, for searching."""

    @abstractmethod
    def stage(self, token: str, seen: str, student: Student | None, actor: Actor) -> None:
        """Somebody says whom it shows; None: nobody of the school. Raises `PhotostoreError`."""

    @abstractmethod
    def unstage(self, token: str, seen: str, actor: Actor) -> None:
        """As if nothing had been said."""

    @abstractmethod
    def picks(self) -> list[Pick]:
        """All that was said."""

    @abstractmethod
    def commit(self, actor: Actor, confirmed: set[str]) -> Result:
        """Do it, as one operation. `confirmed`: the `seen` of those that are right all the same."""
