"""What each row of a list means for the school: exactly one state, the first that applies."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from students.imports.roster.lines import Line, full_name
from students.imports.roster.school import Pupil, School, name_key, number_key
from students.imports.roster.words import RowState
from students.models import Student
from students.search import words

ACTIVE, LEFT = Student.Status.ACTIVE.value, Student.Status.LEFT.value
Change = tuple[str | None, str | None]
Said = dict[str, Any]


@dataclass(slots=True)
class Judged:
    """A row and what a commit would do with it; `changes` are {field: (old, new)}."""

    n: int
    state: RowState
    fields: dict[str, Any]
    pk: int | None = None
    changes: dict[str, Change] = field(default_factory=dict)
    evidence: list[Said] = field(default_factory=list)
    findings: list[Said] = field(default_factory=list)
    accepted: bool = False

    def columns(self) -> dict[str, Any]:
        """As its row keeps it."""
        return {
            "n": self.n,
            "state": self.state,
            "student_id": self.pk,
            "data": self.fields,
            "changes": {name: list(change) for name, change in self.changes.items()},
            "evidence": self.evidence,
            "findings": self.findings,
            "accepted": self.accepted,
        }


def judged(lines: list[Line], school: School) -> Iterator[Judged]:
    """Every row, in the order of the list, then the students who are not in it."""
    matches = _Matches(lines, school)
    for line in lines:
        yield matches.judge(line)
    n = max((line.n for line in lines), default=0)
    for pupil in school.pupils.values():
        if pupil.status == ACTIVE and pupil.pk not in matches.lines_of:
            n += 1
            yield missing(n, pupil)


class _Matches:
    """Whom each line is about; by number first, then by name, among those who are left."""

    def __init__(self, lines: list[Line], school: School) -> None:
        self.school = school
        self.found: dict[int, tuple[Pupil, str]] = {}
        self.resembles: dict[int, Pupil] = {}
        self.lines_of: dict[int, list[int]] = defaultdict(list)
        readable = [line for line in lines if not line.problems]
        for line in readable:
            self._by_number(line)
        for line in readable:
            self._by_number_without_zeros(line)
        self._by_name([line for line in readable if line.n not in self.found])
        self.same_number = defaultdict(list)
        for line in readable:
            if line.number:
                self.same_number[line.number].append(line.n)

    def judge(self, line: Line) -> Judged:
        """One line, by what is known of all of them."""
        if line.problems:
            return Judged(line.n, RowState.BAD_ROW, line.fields, findings=line.problems)
        pupil, how = self.found.get(line.n, (None, ""))
        doubled = self._doubled(line, pupil)
        if doubled:
            pk = pupil.pk if pupil else None
            return Judged(line.n, RowState.DUPLICATE_NUMBER, line.fields, pk, findings=[doubled])
        if pupil:
            return matched(line.n, line.fields, pupil, how)
        return self._unmatched(line)

    def _doubled(self, line: Line, pupil: Pupil | None) -> Said | None:
        for code, others in (
            ("duplicate_number", self.same_number.get(line.number, [])),
            ("same_student", self.lines_of[pupil.pk] if pupil else []),
        ):
            other = next((n for n in others if n != line.n), None)
            if other is not None:
                return {"code": code, "line": other}
        return None

    def _unmatched(self, line: Line) -> Judged:
        name = full_name(line.fields)
        if not name:
            return Judged(line.n, RowState.BAD_ROW, line.fields, findings=[{"code": "no_name"}])
        namesakes = [p for p in self.school.by_name.get(name_key(name), []) if p.pk not in self.lines_of]
        if not line.number and len(namesakes) > 1:
            return Judged(line.n, RowState.BAD_ROW, line.fields, findings=[{"code": "several_of_this_name"}])
        judged = new(line.n, line.fields, namesakes)
        if line.n in self.resembles:
            other = self.resembles[line.n]
            judged.findings.append({"code": "resembles_number", "name": other.name, "student": other.pk})
            judged.accepted = False
        return judged

    def _by_number(self, line: Line) -> None:
        pupil = self.school.by_number.get(line.number) if line.number else None
        if pupil:
            self._is(line, pupil, "number")

    def _by_number_without_zeros(self, line: Line) -> None:
        """Only where it is one student's, whose own number stands nowhere in the list, and the name fits."""
        if not line.number or line.n in self.found:
            return
        candidates = self.school.by_number_without_zeros.get(number_key(line.number), [])
        if len(candidates) != 1 or candidates[0].pk in self.lines_of:
            return
        if share_a_word(line.fields, candidates[0]):
            self._is(line, candidates[0], "number_without_zeros")
        else:
            self.resembles[line.n] = candidates[0]

    def _by_name(self, lines: list[Line]) -> None:
        """A name and a class that one line and one student have, among those who are left."""
        keys = {line.n: _person(full_name(line.fields), line.fields.get("class_name", "")) for line in lines}
        asked = Counter(keys.values())
        left = [p for p in self.school.pupils.values() if p.pk not in self.lines_of]
        having = defaultdict(list)
        for pupil in left:
            for key in {_person(pupil.name, pupil.class_name), _person(pupil.name, "")}:
                having[key].append(pupil)
        for line in lines:
            key = keys[line.n]
            candidates = having.get(key, []) if key[0] else []
            # Who has a number is not taken for another student by the name alone.
            if len(candidates) == asked[key] == 1 and (key[1] or not line.number):
                self._is(line, candidates[0], "name_and_class" if key[1] else "name")

    def _is(self, line: Line, pupil: Pupil, how: str) -> None:
        self.found[line.n] = (pupil, how)
        self.lines_of[pupil.pk].append(line.n)


def _person(name: str, class_name: str) -> tuple[tuple[str, ...], str]:
    return name_key(name), "".join(class_name.casefold().split())


def share_a_word(fields: dict[str, Any], pupil: Pupil) -> bool:
    """Whether a row's name and a student's have anything in common, or the row has no name."""
    said = set(words(" ".join(str(fields.get(one) or "") for one in ("name", "first_name", "last_name"))))
    return not said or bool(said & set(words(f"{pupil.name} {pupil.first_name} {pupil.last_name}")))


def new(n: int, fields: dict[str, Any], namesakes: list[Pupil]) -> Judged:
    """A student who is not in the school yet."""
    judged = Judged(n, RowState.NEW, fields)
    if namesakes:
        judged.findings.append({"code": "namesake", "name": namesakes[0].name, "student": namesakes[0].pk})
    judged.accepted = not judged.findings
    if not fields.get("student_number"):
        judged.findings.append({"code": "without_number"})
    return judged


def missing(n: int, pupil: Pupil) -> Judged:
    """A student who is in the school and not in the list; never left by itself."""
    return Judged(n, RowState.MISSING, pupil.fields(), pupil.pk, {"status": (ACTIVE, LEFT)})


def matched(n: int, fields: dict[str, Any], pupil: Pupil, how: str) -> Judged:
    """A row about a student who is here, and `how` that is known."""
    changes = _changes(fields, pupil, how)
    judged = Judged(n, _state(changes), fields, pupil.pk, changes, [{"code": how}])
    if not share_a_word(fields, pupil):
        judged.findings.append({"code": "name_differs", "name": pupil.name, "student": pupil.pk})
    certain = how in ("number", "number_without_zeros") and not judged.findings
    judged.accepted = certain and judged.state in (RowState.CHANGED, RowState.RETURNS)
    return judged


def _state(changes: dict[str, Change]) -> RowState:
    if "student_number" in changes:
        return RowState.NUMBER_CHANGED
    if changes.get("status") == (LEFT, ACTIVE):
        return RowState.RETURNS
    return RowState.CHANGED if changes else RowState.UNCHANGED


def _changes(fields: dict[str, Any], pupil: Pupil, how: str) -> dict[str, Change]:
    """Of what the row says, what the student's row says otherwise. What it does not say stays."""
    said = {name: value for name, value in fields.items() if value}
    # Who is in the list is in the school, unless the list says otherwise.
    said.setdefault("status", ACTIVE)
    if (pupil.status, said["status"]) == (LEFT, ACTIVE):
        said["left_on"] = None
    if _keeps_its_number(said.get("student_number", ""), pupil, how):
        said.pop("student_number", None)
    ours = pupil.fields()
    changes = {name: (ours[name], new) for name, new in said.items() if ours[name] != new}
    if "name" not in said and {"first_name", "last_name"} & changes.keys():
        whole = {name: said.get(name, getattr(pupil, name)) for name in ("first_name", "last_name")}
        made = full_name(whole)
        if made != pupil.name and name_key(made) != name_key(pupil.name):
            changes["name"] = (pupil.name, made)
    return changes


def _keeps_its_number(number: str, pupil: Pupil, how: str) -> bool:
    """But for the case of its letters it is this one; and a spreadsheet takes zeros away, it adds none."""
    ours = pupil.student_number or ""
    return how == "number" or (how == "number_without_zeros" and len(number) <= len(ours))
