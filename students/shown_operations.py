"""An operation's steps by the students' names: before, after, and what of each stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from photostore.models import Act, Operation
from photostore.operations.pictures import after, before
from students.models import Student, StudentPhoto

BATCH = 200
STATES = {
    Act.State.PLANNED: "begun and not finished",
    Act.State.DONE: "stands",
    Act.State.UNDONE: "taken back",
    Act.State.SKIPPED: "skipped",
}


@dataclass(frozen=True)
class ShownStep:
    """One step. `before` and `after`: where the pictures lie today, empty where none is left."""

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
    acts = operation.acts.order_by("number").iterator(chunk_size=BATCH)
    while batch := list(islice(acts, BATCH)):
        students = _students(batch)
        photos = _photos(batch)
        for act in batch:
            student = students.get(act.subject)
            yield ShownStep(
                number=act.number,
                kind=act.kind,
                subject=act.subject,
                name=student.name if student else "",
                class_name=student.class_name if student else "",
                before=_where(before(act)),
                after=_where(after(act)),
                stands=_stands(act, student, photos),
            )


def _students(acts: list[Act]) -> dict[str, Student]:
    """By the subject of the acts; whoever is not here has no name any more."""
    ids = [student_id for act in acts if (student_id := _student_id(act.subject))]
    found = Student.objects.filter(student_id__in=ids).only(
        "student_id", "name", "class_name", "photo_sha256"
    )
    return {f"student {student.student_id}": student for student in found}


def _student_id(subject: str) -> UUID | None:
    try:
        return UUID(subject.removeprefix("student "))
    except ValueError:
        return None


def _photos(acts: list[Act]) -> dict[tuple[str, str], bool]:
    """The versions that the acts made, by whose and sha256: whether each is today's."""
    rows = StudentPhoto.objects.filter(sha256__in=[sha256 for act in acts if (sha256 := _made(act))])
    found = rows.values_list("student__student_id", "sha256", "replaced_at")
    return {(f"student {student_id}", sha256): replaced is None for student_id, sha256, replaced in found}


def _made(act: Act) -> str:
    return str(act.details.get("new_sha256", ""))


def _stands(act: Act, student: Student | None, photos: dict[tuple[str, str], bool]) -> str:
    """What the journal says, and of a photo that was given what became of it since."""
    told = f"{STATES[Act.State(act.state)]}{f': {act.note}' if act.note else ''}"
    sha256 = _made(act)
    if act.state != Act.State.DONE or not sha256:
        return told
    if student is None:
        return f"{told}; the student is not here any more"
    is_todays = photos.get((act.subject, sha256))
    if is_todays is None:
        return f"{told}; the photo is not the student's any more"
    return f"{told}; it is today's photo" if is_todays else f"{told}; it is a former photo"


def _where(spot: tuple[str, str] | None) -> str:
    if spot is None:
        return ""
    alias, key = spot
    return key if alias == "default" else f"{key} (storage {alias})"
