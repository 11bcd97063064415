"""One step of a batch beside the student that it is about, as the rows stand, under the student's lock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from photostore.errors import Changed, Conflict
from photostore.models import OperationStep, StoredFile
from photostore.owners import Owner, all_locked
from photostore.registration import Outcome, outcome_of
from students.models import OWNER_LABEL, Student
from students.recovery.change.standing import Standing, standings
from students.slots import PROFILE
from students.versions import Version

# Pictures of a batch that are in memory at the same time.
MOST_BYTES = 16 * 1_048_576


@dataclass
class Case:
    """`versions` are those that the step adds, in their order, after `former`, what only the row named.

    `old` is the version that an undo makes current again. `taken`: keys of the batch that somebody owns.
    """

    step: OperationStep
    standing: Standing
    taken: set[str]
    versions: list[Version] = field(default_factory=list)
    former: list[Version] = field(default_factory=list)
    old: Version | None = None

    @property
    def details(self) -> dict[str, Any]:
        """The step's."""
        details: dict[str, Any] = self.step.details
        return details

    @property
    def slot(self) -> str:
        return str(self.step.details["slot"])

    @property
    def live(self) -> bool:
        """Whether the last version becomes the current one."""
        return bool(self.step.details["live"])

    @property
    def is_todays(self) -> bool:
        """Whether the student's own columns follow."""
        return self.live and self.slot == PROFILE

    @property
    def student(self) -> Student:
        return self.standing.student

    @property
    def owner(self) -> Owner:
        return _owner(self.step)

    @property
    def every(self) -> list[Version]:
        return [*self.former, *self.versions]

    @property
    def byte_size(self) -> int:
        """Of the pictures in memory."""
        held = [*self.every, *([self.old] if self.old else [])]
        return sum(len(one.file_set.original.data) for one in held)


def rounds(steps: Sequence[OperationStep]) -> Iterator[list[OperationStep]]:
    """No student twice in one; each student's own in their order."""
    remaining = list(steps)
    while remaining:
        now: dict[int, OperationStep] = {}
        for step in remaining:
            now.setdefault(step.details["student"], step)
        yield list(now.values())
        remaining = [step for step in remaining if now[step.details["student"]] is not step]


@contextmanager
def locked_cases(steps: Sequence[OperationStep]) -> Iterator[tuple[list[Case], list[Outcome]]]:
    """The steps whose students are here, and the others with the reason."""
    with all_locked([_owner(step) for step in steps]) as held_by_others:
        found = standings(step.details["student"] for step in steps)
        named = [step.details["key"] for step in steps if "key" in step.details]
        taken = set(StoredFile.objects.filter(key__in=named).values_list("key", flat=True))
        cases: list[Case] = []

        def look(step: OperationStep) -> None:
            if _owner(step) in held_by_others:
                raise Conflict
            standing = found.get(step.details["student"])
            if standing is None or str(standing.student.student_id) != str(step.details["student_id"]):
                raise Changed(_("The student no longer exists."))
            cases.append(Case(step, standing, taken))

        looked = [outcome_of(look, step) for step in steps]
        yield cases, [(step, why) for step, why in looked if why is not None]


Sifted = tuple[list[Case], list[Outcome]]


def sifted(cases: Iterable[Case], work: Callable[[Case], None]) -> Sifted:
    """Those for which `work` was done, and the others with the reason."""
    done: list[Case] = []
    refused: list[Outcome] = []
    for case in cases:
        _step, why = outcome_of(lambda _step, case=case: work(case), case.step)  # type: ignore[misc]
        if why is None:
            done.append(case)
        else:
            refused.append((case.step, why))
    return done, refused


def in_memory(
    cases: Iterable[Case], load: Callable[[Case], None]
) -> Iterator[tuple[list[Case], list[Outcome]]]:
    """The same, as many at a time as their pictures leave room for."""
    ready: list[Case] = []
    refused: list[Outcome] = []
    for case in cases:
        one, why = sifted([case], load)
        ready, refused = [*ready, *one], [*refused, *why]
        if sum(each.byte_size for each in ready) >= MOST_BYTES:
            yield ready, refused
            ready, refused = [], []
    if ready or refused:
        yield ready, refused


def _owner(step: OperationStep) -> Owner:
    return Owner(OWNER_LABEL, str(step.details["student"]))
