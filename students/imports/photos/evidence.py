"""Who is on a picture: what the bytes say, and what `students.matching` makes of index and file name."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from students.matching import Candidate, Clues, Match, Note, Reason, State
from students.matching.reasons import CERTAIN
from students.models import Student

# A whole name as a file name is unique among students and photos; a number beside other words may be a lab's
# counter, so that the student is shown and nothing is ticked.
SURE = CERTAIN | {Reason.NAME_IN_FILE_NAME}
NAMES_SOMEBODY = SURE | {Reason.NUMBER_IN_FILE_NAME}

Piece = dict[str, Any]


@dataclass
class Found:
    """Whom the evidence names, {code, …} for each piece of it; of two namesakes both.

    Not `sure`: a person has to tick it.
    """

    pks: list[int] = field(default_factory=list)
    evidence: list[Piece] = field(default_factory=list)
    disagrees: bool = False
    sure: bool = True

    @property
    def only(self) -> int | None:
        """The one student, if it is one."""
        return self.pks[0] if len(self.pks) == 1 else None


def found_by(match: Match, inside: Student | None) -> Found:
    """`inside` is whom the bytes name: the strongest; other evidence that names another student contradicts
    it.
    """
    found = _by_match(match)
    if inside is None:
        return found
    piece = {"code": "identity", "student": inside.pk, "whose": whose(inside.name, inside.class_name)}
    others = bool(found.pks) and inside.pk not in found.pks
    return Found([inside.pk], [piece, *found.evidence], disagrees=others or found.disagrees)


def _by_match(match: Match) -> Found:
    evidence = [_piece(one) for one in match.candidates[:20]] + [dict(note) for note in match.notes]
    strong = [one for one in match.candidates if one.reason in NAMES_SOMEBODY]
    if match.state == State.BLOCKED:
        return Found([match.candidates[0].pk], evidence, disagrees=True)
    notes = {note["code"] for note in match.notes}
    doubted = bool(notes & {Note.CLASS_DIFFERS, Note.NUMBER_DIFFERS})
    is_sure = not doubted and bool(strong) and strong[0].reason in SURE
    return Found([one.pk for one in strong or _several(match)], evidence, sure=is_sure)


def _several(match: Match) -> Sequence[Candidate]:
    """A single proposal decides nothing yet, and several are several."""
    return match.candidates if len(match.candidates) > 1 else ()


def _piece(one: Candidate) -> Piece:
    return one.evidence | {"student": one.pk, "whose": whose(one.name, one.class_name)}


def whose(name: str, class_name: str) -> str:
    """A student in an evidence's words."""
    return f"{name} ({class_name})" if class_name else name


def clues_of(said: Mapping[str, str]) -> Clues:
    """A row of an index; the file's name is no clue beside it: it may be the lab's counter."""
    first, last = said.get("first_name", ""), said.get("last_name", "")
    if not (first or last) and said.get("name"):
        last, comma, first = said["name"].partition(",")
        first, last = (first, last) if comma else ("", said["name"])
    return Clues(
        number=said.get("number", ""),
        last_name=last.strip(),
        first_name=first.strip(),
        class_name=said.get("homeroom", ""),
        grade=said.get("grade", ""),
    )


def students_inside(named: Collection[str]) -> dict[str, Student]:
    """By the ids that pictures have inside; students who are not here are left out."""
    found = Student.objects.filter(student_id__in=[UUID(one) for one in named])
    return {str(one.student_id): one for one in found}
