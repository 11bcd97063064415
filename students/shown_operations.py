"""An operation's steps by the students' names: before, after, and what of each stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from photostore.models import Operation, OperationStep
from photostore.operations.pictures import after, before
from students.imports.roster.step import ChangeStudent
from students.models import Student, StudentPhoto

BATCH = 200
STATES = {
    OperationStep.State.PLANNED: "begun and not finished",
    OperationStep.State.DONE: "stands",
    OperationStep.State.UNDONE: "undone",
    OperationStep.State.SKIPPED: "skipped",
}


@dataclass(frozen=True)
class ShownStep:
    """One step. `before` and `after`: where the pictures lie today, empty where none is left; of a step that
    changes a student's row, its fields.
    """

    number: int
    kind: str
    subject: str
    name: str
    class_name: str
    before: str
    after: str
    stands: str

    def __str__(self) -> str:
        called = f"{self.name} ({self.class_name})" if self.class_name else self.name or self.subject
        what = f"{self.number}. {self.kind.replace('_', ' ')}: {called}: {self.stands}"
        return (
            f"{what}\n     before: {self.before or 'no picture'}\n     after:  {self.after or 'no picture'}"
        )


def steps_of(operation: Operation) -> Iterator[ShownStep]:
    """In the order in which they were done, in batches: a school's operation has hundreds of thousands."""
    steps = operation.steps.order_by("number").iterator(chunk_size=BATCH)
    while batch := list(islice(steps, BATCH)):
        students = _students(batch)
        photos = _photos(batch)
        for step in batch:
            student = students.get(step.subject)
            yield ShownStep(
                number=step.number,
                kind=step.kind,
                subject=step.subject,
                name=student.name if student else "",
                class_name=student.class_name if student else "",
                before=_fields(step, "before") or _where(before(step)),
                after=_fields(step, "after") or _where(after(step)),
                stands=_stands(step, student, photos),
            )


def _students(steps: list[OperationStep]) -> dict[str, Student]:
    """By the subject of the steps; a student who is not here has no name any more."""
    ids = [student_id for step in steps if (student_id := _student_id(step.subject))]
    found = Student.objects.filter(student_id__in=ids).only(
        "student_id", "name", "class_name", "photo_sha256"
    )
    return {f"student {student.student_id}": student for student in found}


def _student_id(subject: str) -> UUID | None:
    try:
        return UUID(subject.removeprefix("student "))
    except ValueError:
        return None


def _photos(steps: list[OperationStep]) -> dict[tuple[str, str], bool]:
    """The versions that the steps made, by whose and sha256: whether each is today's."""
    rows = StudentPhoto.objects.filter(sha256__in=[sha256 for step in steps if (sha256 := _made(step))])
    found = rows.values_list("student__student_id", "sha256", "replaced_at")
    return {(f"student {student_id}", sha256): replaced is None for student_id, sha256, replaced in found}


def _made(step: OperationStep) -> str:
    return str(step.details.get("new_sha256", ""))


def _stands(step: OperationStep, student: Student | None, photos: dict[tuple[str, str], bool]) -> str:
    """What the journal says, and of a photo that was given what became of it since."""
    told = f"{STATES[OperationStep.State(step.state)]}{f': {step.note}' if step.note else ''}"
    sha256 = _made(step)
    if step.state != OperationStep.State.DONE or not sha256:
        return told
    if student is None:
        return f"{told}; the student is not here any more"
    is_todays = photos.get((step.subject, sha256))
    if is_todays is None:
        return f"{told}; the photo is not the student's any more"
    return f"{told}; it is today's photo" if is_todays else f"{told}; it is a former photo"


def _fields(step: OperationStep, side: str) -> str:
    """What a step of an import of students changed in the student's row."""
    fields = step.details.get(side) if step.kind == ChangeStudent.name else None
    return ", ".join(f"{name}: {value or '—'}" for name, value in (fields or {}).items())


def _where(file_ref: tuple[str, str] | None) -> str:
    if file_ref is None:
        return ""
    alias, key = file_ref
    return key if alias == "default" else f"{key} (storage {alias})"
