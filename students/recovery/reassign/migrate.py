"""Use cases of `migrate_orphaned_photos`: carrying over what is certain, and what a person decided."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from photostore.operations import OperationRunner
from students.matching import State
from students.models import Student, StudentPhoto
from students.recovery.evidence.findings import Finding, StudentRef
from students.recovery.evidence.lookup import ref_of
from students.recovery.evidence.plan import Person, Plan
from students.recovery.reassign.transfers import Done, Transfer, carry_out, transfer_of
from students.recovery.unowned import BATCH

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
    for student, findings in plan.by_student(State.CERTAIN):
        transfer = transfer_of(student, findings, replace=newest_is_current and _is_newer(student, findings))
        yield Carried(transfer, carry_out(transfer, runner, origin=ORIGIN))
    if not accept_names:
        return
    for student, findings in plan.by_student(State.PROPOSED):
        accepted = tuple(one for one in findings if one.acceptable)
        transfer = transfer_of(student, accepted)
        # A name only suggests who it may be; a student who has a photo gets none on such evidence.
        if accepted and not transfer.expected_sha256:
            yield Carried(transfer, carry_out(transfer, runner, origin=ORIGIN))


def _is_newer(ref: StudentRef, findings: tuple[Finding, ...]) -> bool:
    at = Student.objects.filter(pk=ref.pk).values_list("photo_updated_at", flat=True).first()
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
        yield pair, carry_out(transfer, runner, origin=ORIGIN)


def left_for_a_person(plan: Plan) -> Iterator[Finding]:
    """What is not certain, as it was when the plan was made."""
    return plan.in_states(State.PROPOSED, State.AMBIGUOUS, State.BLOCKED, State.UNKNOWN)
