"""What is certain about one student's files, as assignments: frozen, and the same for a dry run and for
acting.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from photostore.models import StoredFile
from photostore.operations import OperationRunner
from students.key_claims import claim_of
from students.models import Student, StudentPhoto
from students.recovery.change.sources import aside_details
from students.recovery.evidence.findings import Finding, StudentRef
from students.recovery.unowned import is_set_aside
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


def transfer_of(ref: StudentRef, findings: tuple[Finding, ...], *, replace: bool = False) -> Transfer:
    """The assignments for one student, with what the student has already.

    A photo of today's stays today's, unless `replace`.
    """
    student = Student.objects.filter(pk=ref.pk).first()
    sha256 = student.photo_sha256 if student else ""
    attendance = [one for one in findings if one.unowned_file.moment]
    photos = [one for one in findings if not one.unowned_file.moment]
    return Transfer(
        ref,
        sha256,
        (
            *_attendance_assignments(ref, attendance),
            *_photo_assignments(ref, photos, live=replace or not sha256),
        ),
    )


def _photo_assignments(ref: StudentRef, findings: list[Finding], *, live: bool) -> list[Assignment]:
    known = _known(StudentPhoto.objects.of_profile().filter(student_id=ref.pk))
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


def _attendance_assignments(ref: StudentRef, findings: list[Finding]) -> list[Assignment]:
    rows = StudentPhoto.objects.of_attendance().filter(student_id=ref.pk)
    known = _known(rows)
    taken = set(rows.current().values_list("slot", flat=True))
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


def _known(rows: Any) -> set[str]:
    values = rows.values_list("sha256", "untagged_sha256", "source_sha256")
    return {sha256 for row in values for sha256 in row if sha256}


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


def carry_out(transfer: Transfer, runner: OperationRunner, *, origin: str) -> list[Done]:
    """Give the student what is theirs, and set aside the files that it came from."""
    return [_carry_out(transfer, assignment, runner, origin) for assignment in transfer.assignments]


def _carry_out(transfer: Transfer, assignment: Assignment, runner: OperationRunner, origin: str) -> Done:
    if assignment.problem:
        return Done(assignment, False, assignment.problem)
    if assignment.given and not runner.step(
        "change_photo", subject=_subject(transfer), details=_details(transfer, assignment, origin)
    ):
        return Done(assignment, False, runner.why)
    for source in assignment.sources:
        # What had to make room for another photo is set aside already, and what lies where it is to be stays.
        if source.unowned_file.stored_at == source.unowned_file.key and not _made_room(runner, source):
            runner.step(
                "set_aside_unowned", subject=_subject(transfer), details=aside_details(source.unowned_file)
            )
    return Done(assignment, True if assignment.given else None)


def _made_room(runner: OperationRunner, source: Finding) -> bool:
    unowned_file = source.unowned_file
    is_kept = StoredFile.objects.filter(
        storage_alias=unowned_file.storage_alias, key=unowned_file.key
    ).exists()
    return is_kept or is_set_aside(runner.operation, unowned_file)


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
