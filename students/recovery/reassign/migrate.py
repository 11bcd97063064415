"""Use cases of `migrate_orphaned_photos`: carrying over what is certain, and what a person decided."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from photostore.operations import OperationRunner
from students.matching import State
from students.models import Student, StudentPhoto
from students.recovery.evidence.findings import Finding, StudentRef
from students.recovery.evidence.lookup import ref_of
from students.recovery.evidence.plan import Person, Plan
from students.recovery.reassign.transfers import Done, Transfer, carry_out, transfer_of, transfers_of
from students.recovery.unowned import BATCH

# So many are given their photos together.
STUDENTS = 64
ORIGIN = StudentPhoto.Origin.MIGRATE


@dataclass(frozen=True)
class Carried:
    """One student's transfer and what became of its steps."""

    transfer: Transfer
    done: list[Done]


@dataclass(frozen=True)
class Pair:
    """One orphan and one student who stand at the same place of two sorted lists."""

    orphan: Person
    student: StudentRef


def carry_over(
    plan: Plan, runner: OperationRunner, *, accept_names: bool, newest_is_current: bool = False
) -> Iterator[Carried]:
    """Give every student what is certain; with `accept_names` what a unique name or a number proposes.

    Who has a photo keeps it as the current one; with `newest_is_current` a certain one that is younger takes
    its place.
    """
    certain = plan.by_student(State.CERTAIN)
    while some := list(islice(certain, STUDENTS)):
        yield from _carry(transfers_of(some, replace=_is_newer if newest_is_current else _never), runner)
    if not accept_names:
        return
    proposed = (
        (student, accepted)
        for student, findings in plan.by_student(State.PROPOSED)
        if (accepted := tuple(one for one in findings if one.acceptable))
    )
    while some := list(islice(proposed, STUDENTS)):
        # A name says who somebody may be; somebody who has a photo needs none on such a word.
        transfers = [one for one in transfers_of(some, replace=_never) if not one.expected_sha256]
        yield from _carry(transfers, runner)


def _carry(transfers: list[Transfer], runner: OperationRunner) -> Iterator[Carried]:
    return map(Carried, transfers, carry_out(transfers, runner, origin=ORIGIN))


def _never(_student: Student, _findings: tuple[Finding, ...]) -> bool:
    return False


def _is_newer(student: Student, findings: tuple[Finding, ...]) -> bool:
    at = student.photo_updated_at
    newest = max(
        (one.unowned_file.modified_at for one in findings if not one.unowned_file.moment), default=None
    )
    return bool(at and newest and newest > at)


def by_order(plan: Plan) -> Iterator[Pair]:
    """The old rule for what no evidence decides: folders and students without a photo, paired by position.

    Both lists are sorted, and students for whom there is evidence are in neither.
    """
    students = Student.objects.without_photo().exclude(pk__in=plan.students_with_a_certain_photo())
    refs = map(ref_of, students.order_by("pk").iterator(chunk_size=BATCH))
    folders = (
        person for person in plan.persons() if person.is_somebody and person.given and not person.is_decided
    )
    return (Pair(*pair) for pair in zip(folders, refs, strict=False))


def carry_pairs(plan: Plan, runner: OperationRunner) -> Iterator[tuple[Pair, list[Done]]]:
    """Apply the pairs, once what is certain has been carried over."""
    for pair in by_order(plan):
        transfer = transfer_of(pair.student, pair.orphan.given)
        (done,) = carry_out([transfer], runner, origin=ORIGIN)
        yield pair, done


def left_for_a_person(plan: Plan) -> Iterator[Finding]:
    """What is not certain, as it was when the plan was made."""
    return plan.in_states(State.PROPOSED, State.AMBIGUOUS, State.BLOCKED, State.UNKNOWN)
