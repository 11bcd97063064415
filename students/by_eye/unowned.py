"""Files of students' that no row names, as a source of photos to be looked at."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from photostore.audit import Actor
from photostore.commands import one_at_a_time
from photostore.errors import PhotostoreError
from photostore.operations.pictures import FileRef
from students.by_eye.source import (
    AT_ONCE,
    MOST_CANDIDATES,
    Choice,
    Confirmed,
    Item,
    Pick,
    Result,
    Source,
    natural,
)
from students.matching import State
from students.models import StagedMatch, Student, StudentQuerySet
from students.recovery.evidence.findings import Finding, Kind
from students.recovery.reassign import by_eye
from students.recovery.reassign.assign import unowned_file
from students.right_person import STOPS

WHY = {
    Kind.IDENTITY: gettext_lazy("The identity inside the file names this student."),
    Kind.NUMBER_HASH: gettext_lazy("The identity inside has this student's number."),
    Kind.BACKUP: gettext_lazy("The backup's old id leads to this student."),
    Kind.RECORDED: gettext_lazy("The same picture is recorded for this student."),
    Kind.FOLDER: gettext_lazy("The other photos of its folder belong to this student."),
    Kind.NAME_OF_ANOTHER: gettext_lazy("No other student has the name that the photo's owner had."),
    Kind.NAME: gettext_lazy("The file name is this student's name."),
    Kind.NUMBER_IN_NAME: gettext_lazy("The file name is this student's number."),
    Kind.NUMBER_OF_OLDER_KEY: gettext_lazy("An identity of an older key has this student's number."),
    Kind.ID_IN_NAME: gettext_lazy(
        "The file name is this student's id, but ids may be used again for other students."
    ),
    Kind.SIMILAR_NAME: gettext_lazy("The file name is like this student's name or number."),
}


class UnownedFiles(Source):
    """See `Source`. A token is the file's key."""

    title = gettext_lazy("Unowned photos")

    def items(self) -> list[Item]:
        with one_at_a_time("the admin"):
            findings = [one for one in by_eye.to_look_at(AT_ONCE).in_states(*State) if _is_shown(one)]
        findings.sort(key=lambda one: natural(one.unowned_file.key))
        said = dict(StagedMatch.objects.values_list("sha256", "student_id"))
        students = _students(findings, said.values())
        return [_item(one, said, students) for one in findings]

    def picture(self, token: str, *, small: bool = False) -> FileRef:  # noqa: ARG002 - there is no small one
        return FileRef("default", unowned_file(token).key)

    def students(self) -> StudentQuerySet:
        staged = StagedMatch.objects.exclude(student_id=None).values("student_id")
        return Student.objects.exclude(student_id__in=staged)

    def stage(self, token: str, seen: str, student: Student | None, actor: Actor) -> None:
        student_id = student.student_id if student else None
        by_eye.stage(key=token, sha256=seen, student_id=student_id, actor=actor)

    def unstage(self, token: str, seen: str, actor: Actor) -> None:  # noqa: ARG002 - a source may ask for them
        by_eye.unstage(seen)

    def picks(self) -> list[Pick]:
        matches = list(StagedMatch.objects.all())
        students = _students([], [match.student_id for match in matches])
        return [_pick(match, students) for match in matches]

    def commit(self, actor: Actor, confirmed: Confirmed) -> Result:
        with one_at_a_time("the admin"):
            outcome = by_eye.give_staged(actor, confirmed=confirmed, findings=STOPS)
        left = [pick for pick in self.picks() if pick.seen in outcome.left]
        for pick in left:
            _explain(pick, outcome.left[pick.seen])
        return Result(outcome.given, left)


def _is_shown(finding: Finding) -> bool:
    """The safe copies' own disk is for the commands; what is no picture shows nothing."""
    file = finding.unowned_file
    return bool(
        file.storage_alias == "default" and file.content_type and not file.moment and not finding.erased
    )


def _students(findings: Iterable[Finding], said: Iterable[UUID | None]) -> dict[Any, Student]:
    """By primary key and by `student_id`."""
    pks = {one.pk for finding in findings for piece in finding.evidence for one in piece.students}
    rows = Student.objects.filter(pk__in=pks)
    picked = Student.objects.filter(student_id__in=[one for one in said if one])
    found: dict[Any, Student] = {student.pk: student for student in rows}
    return found | {student.student_id: student for student in picked}


def _item(finding: Finding, said: dict[str, UUID | None], students: dict[Any, Student]) -> Item:
    file = finding.unowned_file
    choices: dict[int, Choice] = {}
    for piece in finding.evidence:
        for ref in piece.students:
            if ref.pk in students:
                choices.setdefault(ref.pk, Choice(students[ref.pk], [])).reasons.append(WHY[piece.kind])
    return Item(
        token=file.key,
        seen=file.sha256,
        label=file.key,
        choices=list(choices.values())[:MOST_CANDIDATES],
        notes=[_("The evidence disagrees.")] if finding.verdict.state == State.BLOCKED else [],
        decided=file.sha256 in said,
        picked=students.get(said.get(file.sha256)),
    )


def _pick(match: StagedMatch, students: dict[Any, Student]) -> Pick:
    pick = Pick(match.key, match.sha256, match.key, students.get(match.student_id))
    if match.student_id and pick.student is None:
        pick.problem = _("This student no longer exists.")
    return pick


def _explain(pick: Pick, why: PhotostoreError) -> None:
    pick.problem, pick.may_confirm = str(why), why.code in STOPS
