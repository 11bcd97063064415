"""What is asked, and what is answered. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from students.matching.reasons import CERTAIN, Note, Reason


class State(StrEnum):
    """What may be done with a photo. Blocked: strong evidence disagrees."""

    CERTAIN = "certain"
    PROPOSED = "proposed"
    AMBIGUOUS = "ambiguous"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Clues:
    """A path or file name, and the cells beside it in an index, as they are written. Empty: not known."""

    file_name: str = ""
    number: str = ""
    last_name: str = ""
    first_name: str = ""
    class_name: str = ""
    grade: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A student who is here today, and why. `written` is the text that points at them."""

    pk: int
    name: str
    number: str
    class_name: str
    grade: str
    reason: Reason
    written: str

    @property
    def evidence(self) -> dict[str, Any]:
        """For `sentence`, and to be stored."""
        return {"code": self.reason.value, "written": self.written, "number": self.number}


@dataclass(frozen=True, slots=True)
class Match:
    """The candidates, strongest first. `notes` are {code, …} for `sentence`.

    Certain: exactly one, by a number, or by a name in cells that is unique among students and among photos.
    `marks` are what the file name ends with, such as ` (1)`: they rank two pictures of one student.
    """

    state: State
    candidates: tuple[Candidate, ...] = ()
    notes: tuple[dict[str, Any], ...] = ()
    marks: tuple[str, ...] = field(default=())

    @property
    def candidate(self) -> Candidate | None:
        """The one that it is or may be."""
        return self.candidates[0] if self.state in {State.CERTAIN, State.PROPOSED} else None


def judged(candidates: tuple[Candidate, ...], notes: list[dict[str, Any]], marks: tuple[str, ...]) -> Match:
    """Several that fit are never certain, whatever speaks for each; nor is what has something against it."""
    codes = {one["code"] for one in notes}
    if not candidates:
        state = State.UNKNOWN
    elif Note.DISAGREE in codes:
        state = State.BLOCKED
    elif len(candidates) > 1:
        state = State.AMBIGUOUS
        notes = [*notes, {"code": Note.SEVERAL_FIT.value}]
    elif candidates[0].reason in CERTAIN and not codes & {Note.CLASS_DIFFERS, Note.NUMBER_DIFFERS}:
        state = State.CERTAIN
    else:
        state = State.PROPOSED
    shown = [{"code": Note.MARK.value, "written": mark} for mark in marks if candidates]
    return Match(state, candidates, (*notes, *shown), marks)
