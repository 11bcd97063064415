"""The interface of a source of photos that staff identify by eye."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise

from photostore.audit import Actor
from photostore.operations.pictures import FileRef
from students.models import Student, StudentQuerySet

MOST_CANDIDATES = 6
NEIGHBOURS = 2
# Each of them is on the page, and the unowned ones are read; more would outlast a browser's patience.
AT_ONCE = 200

# The photos, by their sha256, that are right for this student (the primary key) whatever speaks against it.
Confirmed = set[tuple[str, int]]


@dataclass
class Choice:
    """A student whom a photo may show, and why, in words."""

    student: Student
    reasons: list[str | Promise]


@dataclass
class Item:
    """One photo. `token` names it in the source, `seen` is its sha256. `decided`: staff said whom it
    shows, `picked`, or that it shows no student.
    """

    token: str
    seen: str
    label: str
    choices: list[Choice] = field(default_factory=list)
    notes: list[str | Promise] = field(default_factory=list)
    decided: bool = False
    picked: Student | None = None


@dataclass
class Neighbour:
    """A photo before or after another one; `name` is who is on it, as far as that is known."""

    token: str
    label: str
    name: str


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
    """What a commit did; `left` are the picks that stay as they are. `is_waiting`: a worker does it."""

    given: int
    left: list[Pick]
    is_waiting: bool = False


class Source(ABC):
    """The photos of one source, in the order in which they were taken as far as that is known."""

    title: str | Promise

    def permissions(self, action: str) -> list[str]:
        """What somebody needs who looks (`view`), or who says something (`change`)."""
        return [f"students.{action}_student"]

    def neighbours(self, items: list[Item]) -> dict[str, list[Neighbour]]:
        """By token, the photos before and after it."""
        shown = [Neighbour(item.token, item.label, item.picked.name if item.picked else "") for item in items]
        return {
            one.token: shown[max(at - NEIGHBOURS, 0) : at] + shown[at + 1 : at + 1 + NEIGHBOURS]
            for at, one in enumerate(shown)
        }

    @abstractmethod
    def items(self) -> list[Item]:
        """Each with at most `MOST_CANDIDATES` choices. Raises `PhotostoreError` where they cannot be read."""

    @abstractmethod
    def picture(self, token: str, *, small: bool = False) -> FileRef:
        """`small` where there is a small one. Raises `PhotostoreError` for what is none of its photos."""

    @abstractmethod
    def students(self) -> StudentQuerySet:
        """Who has no photo of this source yet, for searching."""

    @abstractmethod
    def stage(self, token: str, seen: str, student: Student | None, actor: Actor) -> None:
        """Record whom it shows; None: no student of the school. Raises `PhotostoreError`."""

    @abstractmethod
    def unstage(self, token: str, seen: str, actor: Actor) -> None:
        """As if nothing had been said."""

    @abstractmethod
    def picks(self) -> list[Pick]:
        """All that was said."""

    @abstractmethod
    def commit(self, actor: Actor, confirmed: Confirmed) -> Result:
        """Do it, as one operation."""


def natural(name: str) -> list[Any]:
    """`IMG_9` before `IMG_10`: cameras count, so this is the order of shooting."""
    return [(part.isdecimal(), int(part) if part.isdecimal() else part) for part in re.split(r"(\d+)", name)]
