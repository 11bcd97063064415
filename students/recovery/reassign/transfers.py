"""What is certain about one student's files, as assignments: frozen, and the same for a dry run and for
acting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from photostore.models import OperationStep, QuarantinedFile, StoredFile
from photostore.operations import OperationRunner
from students.key_claims import claim_of
from students.models import Student, StudentPhoto
from students.recovery.change.sources import aside_details
from students.recovery.evidence.findings import Finding, StudentRef
from students.slots import PROFILE


@dataclass(frozen=True)
class Assignment:
    """One photo: the file that is given (none where the student has it), and all files that hold it.

    `problem` says why it is left to a person instead.
    """

    given: Finding | None
    sources: tuple[Finding, ...]
    live: bool = False
    slot: str = PROFILE
    problem: str = ""


@dataclass(frozen=True)
class Transfer:
    """All that one student gets, in order: attendance, former photos oldest first, today's last.

    A folder's attendance photos go by what else is in it, so they go first.
    """

    student: StudentRef
    expected_sha256: str
    assignments: tuple[Assignment, ...]


@dataclass(frozen=True)
class Done:
    """What became of a assignment; `None` for `given` where there was nothing to give."""

    assignment: Assignment
    given: bool | None
    why: str = ""


Asked = tuple[StudentRef, tuple[Finding, ...]]


def transfer_of(ref: StudentRef, findings: tuple[Finding, ...], *, replace: bool = False) -> Transfer:
    """The assignments for one student, with what the student has already.

    A photo of today's stays today's, unless `replace`.
    """
    (transfer,) = transfers_of([(ref, findings)], replace=lambda _student, _findings: replace)
    return transfer


def transfers_of(
    asked: Sequence[Asked], *, replace: Callable[[Student, tuple[Finding, ...]], bool]
) -> list[Transfer]:
    """The same for many."""
    found = Student.objects.prefetch_related("photos").in_bulk([ref.pk for ref, _findings in asked])
    return [_transfer(found.get(ref.pk), ref, findings, replace) for ref, findings in asked]


def _transfer(
    student: Student | None,
    ref: StudentRef,
    findings: tuple[Finding, ...],
    replace: Callable[[Student, tuple[Finding, ...]], bool],
) -> Transfer:
    sha256 = student.photo_sha256 if student else ""
    live = not sha256 or (student is not None and replace(student, findings))
    attendance = [one for one in findings if one.unowned_file.moment]
    photos = [one for one in findings if not one.unowned_file.moment]
    rows = list(student.photos.all()) if student else []
    return Transfer(
        ref,
        sha256,
        (
            *_attendance_assignments([row for row in rows if row.slot != PROFILE], attendance),
            *_photo_assignments([row for row in rows if row.slot == PROFILE], photos, live=live),
        ),
    )


def _photo_assignments(rows: list[StudentPhoto], findings: list[Finding], *, live: bool) -> list[Assignment]:
    known = _known(rows)
    assignments, new = [], []
    for same in _pictures(findings):
        if any(one.unowned_file.sha256 in known or one.unowned_file.bare_sha256 in known for one in same):
            assignments.append(Assignment(None, same))
        else:
            new.append(same)
    new.sort(key=_age)
    for number, same in enumerate(new, start=1):
        assignments.append(Assignment(_best(same), same, live=live and number == len(new)))
    return assignments


def _attendance_assignments(rows: list[StudentPhoto], findings: list[Finding]) -> list[Assignment]:
    known = _known(rows)
    taken = {row.slot for row in rows if row.replaced_at is None}
    assignments = []
    for same in sorted(_pictures(findings), key=_age, reverse=True):
        moment = same[0].unowned_file.moment
        if any(one.unowned_file.sha256 in known or one.unowned_file.bare_sha256 in known for one in same):
            assignments.append(Assignment(None, same, slot=moment))
        elif moment in taken:
            problem = f"another photo for {moment.replace('_', ' ')} is there"
            assignments.append(Assignment(None, same, slot=moment, problem=problem))
        else:
            taken.add(moment)
            assignments.append(Assignment(_best(same), same, live=True, slot=moment))
    return assignments


def _known(rows: list[StudentPhoto]) -> set[str]:
    sha256s = (sha256 for row in rows for sha256 in (row.sha256, row.untagged_sha256, row.source_sha256))
    return set(sha256s) - {""}


def _pictures(findings: list[Finding]) -> list[tuple[Finding, ...]]:
    """The files by the picture that they hold, whatever identity is in it."""
    pictures: dict[tuple[str, str], list[Finding]] = {}
    for one in findings:
        pictures.setdefault((one.unowned_file.bare_sha256, one.unowned_file.moment), []).append(one)
    return [tuple(same) for same in pictures.values()]


def _age(same: tuple[Finding, ...]) -> tuple[bool, Any, str]:
    """Oldest first. Only today's version has exports, so it comes last."""
    documented = any(
        claim_of(one.unowned_file.key).role in {"documented", "safe", "attendance"} for one in same
    )
    return documented, max(one.unowned_file.modified_at for one in same), same[0].unowned_file.bare_sha256


def _best(same: tuple[Finding, ...]) -> Finding:
    """The file to read: the version in the history, where it is there; an identity before none."""
    return min(
        same,
        key=lambda one: (
            one.unowned_file.named_student is None,
            claim_of(one.unowned_file.key).role != "version",
            one.unowned_file.storage_alias,
            one.unowned_file.key,
        ),
    )


def carry_out(transfers: Sequence[Transfer], runner: OperationRunner, *, origin: str) -> list[list[Done]]:
    """Give the students what is theirs, and set aside the files that it came from."""
    planned = [
        (_subject(transfer), _details(transfer, one, origin))
        for transfer in transfers
        for one in transfer.assignments
        if one.given and not one.problem
    ]
    steps = iter(runner.steps("change_photo", planned))
    done = [[_done(one, steps) for one in transfer.assignments] for transfer in transfers]
    held = [
        (transfer, source)
        for transfer, several in zip(transfers, done, strict=True)
        for one in several
        if one.given is not False
        for source in one.assignment.sources
    ]
    _set_aside(held, runner)
    return done


def _done(assignment: Assignment, steps: Iterator[OperationStep]) -> Done:
    if assignment.problem:
        return Done(assignment, False, assignment.problem)
    step = next(steps) if assignment.given else None
    if step is not None and step.state != OperationStep.State.DONE:
        return Done(assignment, False, step.note)
    return Done(assignment, True if step is not None else None)


def _set_aside(held: Sequence[tuple[Transfer, Finding]], runner: OperationRunner) -> None:
    """What had to make room for another photo is set aside already, and what lies where it is to be stays."""
    names = [source.unowned_file.key for _transfer, source in held]
    kept = set(StoredFile.objects.filter(key__in=names).values_list("storage_alias", "key"))
    aside = QuarantinedFile.objects.filter(operation=runner.operation.pk, key__in=names)
    moved = set(aside.values_list("storage_alias", "key", "sha256"))
    runner.steps(
        "set_aside_unowned",
        [
            (_subject(transfer), aside_details(file))
            for transfer, source in held
            if (file := source.unowned_file).stored_at == file.key
            and (file.storage_alias, file.key) not in kept
            and (file.storage_alias, file.key, file.sha256) not in moved
        ],
    )


def _subject(transfer: Transfer) -> str:
    return f"student {transfer.student.student_id}"


def _details(transfer: Transfer, assignment: Assignment, origin: str) -> dict[str, Any]:
    assert assignment.given is not None
    unowned_file = assignment.given.unowned_file
    is_profile = assignment.slot == PROFILE
    details = {
        "student": transfer.student.pk,
        "student_id": transfer.student.student_id,
        "slot": assignment.slot,
        "live": assignment.live,
        "expected_sha256": transfer.expected_sha256 if is_profile else "",
        "action": f"{'photo' if is_profile else 'attendance'}.{origin if assignment.live else 'add_former'}",
        "how": "file",
        "storage_alias": unowned_file.storage_alias,
        "key": unowned_file.key,
        "sha256": unowned_file.sha256,
        "at": unowned_file.modified_at.isoformat(),
        "origin": origin,
    }
    if unowned_file.stored_at != unowned_file.key:
        details["stored_at"] = unowned_file.stored_at
    return details
