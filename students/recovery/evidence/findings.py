"""Evidence, and what it comes to when it is put together: the words for it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from students.matching import State
from students.recovery.unowned import UnownedFile


class Kind(StrEnum):
    """Where a piece of evidence comes from, strongest first."""

    IDENTITY = "identity"
    NUMBER_HASH = "number_hash"
    BACKUP = "backup"
    RECORDED = "recorded_sha256"
    FOLDER = "folder"
    NAME_OF_ANOTHER = "name_of_another"
    NAME = "name"
    NUMBER_IN_NAME = "number_in_file_name"
    NUMBER_OF_OLDER_KEY = "number_hash_of_older_key"
    ID_IN_NAME = "id_in_file_name"
    SIMILAR_NAME = "similar_file_name"


# A name proves nothing, but it may speak against a number.
STRONG = frozenset(
    {Kind.IDENTITY, Kind.NUMBER_HASH, Kind.BACKUP, Kind.RECORDED, Kind.FOLDER, Kind.NAME_OF_ANOTHER}
)
# Accepted all together with `--accept-names`. Never an integer in a file name, which comes back for others,
# nor a name that is only similar.
ACCEPTABLE = frozenset({Kind.NAME, Kind.NUMBER_IN_NAME})


@dataclass(frozen=True, slots=True, order=True)
class StudentRef:
    pk: int
    student_id: str
    name: str
    has_number: bool = False

    def __str__(self) -> str:
        return f"{self.name} (id {self.pk})"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece of evidence and whom it points at: more than one student proves nothing."""

    kind: Kind
    students: tuple[StudentRef, ...]
    why: str

    @property
    def strong(self) -> bool:
        """Whether it may be applied without asking a person."""
        return self.kind in STRONG

    @property
    def student(self) -> StudentRef | None:
        return self.students[0] if len(self.students) == 1 else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What pieces of evidence come to together."""

    state: State
    student: StudentRef | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One unowned file, the evidence about it, and what it comes to. `old_name` is a backup's.

    `erased`: it is a picture of a student who was erased on request, and stays away.
    """

    unowned_file: UnownedFile
    evidence: tuple[Evidence, ...]
    verdict: Verdict
    notes: tuple[str, ...] = ()
    old_name: str = ""
    erased: bool = False

    @property
    def reasons(self) -> list[str]:
        """The evidence in words, with whom it points at."""
        said = [f"{piece.why}: {', '.join(map(str, piece.students))}" for piece in self.evidence]
        return [*said, *self.notes]

    @property
    def acceptable(self) -> bool:
        """Whether `--accept-names` applies to it."""
        kinds = {piece.kind for piece in self.evidence if piece.student == self.verdict.student}
        return self.verdict.state == State.PROPOSED and bool(kinds & ACCEPTABLE)


def as_json(finding: Finding) -> dict[str, Any]:
    """For machines."""
    unowned_file, student = finding.unowned_file, finding.verdict.student
    return {
        "storage": unowned_file.storage_alias,
        "key": unowned_file.key,
        "sha256": unowned_file.sha256,
        "state": finding.verdict.state,
        "student": _ref(student) if student else None,
        "evidence": [
            {
                "kind": piece.kind,
                "strength": "strong" if piece.strong else "proposal",
                "why": piece.why,
                "students": [_ref(one) for one in piece.students],
            }
            for piece in finding.evidence
        ],
        "notes": list(finding.notes),
    }


def _ref(student: StudentRef) -> dict[str, Any]:
    return {"id": student.pk, "student_id": student.student_id, "name": student.name}
