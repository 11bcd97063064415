"""What is certain about one student's files, as steps: frozen, and the same for a dry run and for acting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from photostore.models import StoredFile
from photostore.operations import Conductor
from students.key_claims import place_of
from students.models import Student, StudentPhoto
from students.recovery.change.sources import aside_details
from students.recovery.evidence.findings import Finding, StudentRef
from students.recovery.unowned import is_set_aside
from students.slots import PROFILE


@dataclass(frozen=True)
class Step:
    """One photo: the file that is given (none where the student has it), and all files that hold it.

    `problem` says why it is left to a person instead.
    """

    given: Finding | None
    sources: tuple[Finding, ...]
    live: bool = False
    slot: str = PROFILE
    problem: str = ""


@dataclass(frozen=True)
class Takeover:
    """All that one student gets, in order: attendance, former photos oldest first, today's last.

    A folder's attendance photos go by what else is in it, so they go first.
    """

    student: StudentRef
    expected_sha256: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Done:
    """What became of a step; `None` for `given` where there was nothing to give."""

    step: Step
    given: bool | None
    why: str = ""


def takeover_of(ref: StudentRef, findings: tuple[Finding, ...], *, replace: bool = False) -> Takeover:
    """The steps for one student, with what the student has already.

    A photo of today's stays today's, unless `replace`.
    """
    student = Student.objects.filter(pk=ref.pk).first()
    sha256 = student.photo_sha256 if student else ""
    attendance = [one for one in findings if one.stray.moment]
    photos = [one for one in findings if not one.stray.moment]
    return Takeover(
        ref,
        sha256,
        (*_attendance_steps(ref, attendance), *_photo_steps(ref, photos, live=replace or not sha256)),
    )


def _photo_steps(ref: StudentRef, findings: list[Finding], *, live: bool) -> list[Step]:
    known = _known(StudentPhoto.objects.of_profile().filter(student_id=ref.pk))
    steps, new = [], []
    for same in _pictures(findings):
        if any(one.stray.sha256 in known or one.stray.bare_sha256 in known for one in same):
            steps.append(Step(None, same))
        else:
            new.append(same)
    new.sort(key=_age)
    for number, same in enumerate(new, start=1):
        steps.append(Step(_best(same), same, live=live and number == len(new)))
    return steps


def _attendance_steps(ref: StudentRef, findings: list[Finding]) -> list[Step]:
    rows = StudentPhoto.objects.of_attendance().filter(student_id=ref.pk)
    known = _known(rows)
    taken = set(rows.current().values_list("slot", flat=True))
    steps = []
    for same in sorted(_pictures(findings), key=_age, reverse=True):
        moment = same[0].stray.moment
        if any(one.stray.sha256 in known or one.stray.bare_sha256 in known for one in same):
            steps.append(Step(None, same, slot=moment))
        elif moment in taken:
            problem = f"another photo for {moment.replace('_', ' ')} is there"
            steps.append(Step(None, same, slot=moment, problem=problem))
        else:
            taken.add(moment)
            steps.append(Step(_best(same), same, live=True, slot=moment))
    return steps


def _known(rows: Any) -> set[str]:
    values = rows.values_list("sha256", "untagged_sha256", "source_sha256")
    return {sha256 for row in values for sha256 in row if sha256}


def _pictures(findings: list[Finding]) -> list[tuple[Finding, ...]]:
    """The files by the picture that they hold, whatever identity is in it."""
    pictures: dict[tuple[str, str], list[Finding]] = {}
    for one in findings:
        pictures.setdefault((one.stray.bare_sha256, one.stray.moment), []).append(one)
    return [tuple(same) for same in pictures.values()]


def _age(same: tuple[Finding, ...]) -> tuple[bool, Any, str]:
    """Oldest first. Only today's version has copies under a documented name, so it comes last."""
    documented = any(place_of(one.stray.key).role in {"documented", "safe", "attendance"} for one in same)
    return documented, max(one.stray.modified_at for one in same), same[0].stray.bare_sha256


def _best(same: tuple[Finding, ...]) -> Finding:
    """The file to read: the version in the history, where it is there; an identity before none."""
    return min(
        same,
        key=lambda one: (
            one.stray.named_student is None,
            place_of(one.stray.key).role != "version",
            one.stray.storage_alias,
            one.stray.key,
        ),
    )


def carry_out(takeover: Takeover, conductor: Conductor, *, origin: str) -> list[Done]:
    """Give the student what is theirs, and set aside the files that it came from."""
    return [_carry_out(takeover, step, conductor, origin) for step in takeover.steps]


def _carry_out(takeover: Takeover, step: Step, conductor: Conductor, origin: str) -> Done:
    if step.problem:
        return Done(step, False, step.problem)
    if step.given and not conductor.act(
        "change_photo", subject=_subject(takeover), details=_details(takeover, step, origin)
    ):
        return Done(step, False, conductor.why)
    for source in step.sources:
        # What had to make room for another photo is set aside already, and what lies where it is to be stays.
        if source.stray.stored_at == source.stray.key and not _made_room(conductor, source):
            conductor.act("set_aside_stray", subject=_subject(takeover), details=aside_details(source.stray))
    return Done(step, True if step.given else None)


def _made_room(conductor: Conductor, source: Finding) -> bool:
    stray = source.stray
    is_kept = StoredFile.objects.filter(storage_alias=stray.storage_alias, key=stray.key).exists()
    return is_kept or is_set_aside(conductor.operation, stray)


def _subject(takeover: Takeover) -> str:
    return f"student {takeover.student.student_id}"


def _details(takeover: Takeover, step: Step, origin: str) -> dict[str, Any]:
    assert step.given is not None
    stray = step.given.stray
    is_profile = step.slot == PROFILE
    details = {
        "student": takeover.student.pk,
        "student_id": takeover.student.student_id,
        "slot": step.slot,
        "live": step.live,
        "expected_sha256": takeover.expected_sha256 if is_profile else "",
        "action": f"{'photo' if is_profile else 'attendance'}.{origin if step.live else 'add_former'}",
        "how": "file",
        "storage_alias": stray.storage_alias,
        "key": stray.key,
        "sha256": stray.sha256,
        "at": stray.modified_at.isoformat(),
        "origin": origin,
    }
    if stray.stored_at != stray.key:
        details["stored_at"] = stray.stored_at
    return details
