"""All rows of an import at once: whom each shows, and its state."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from students.imports.photos.evidence import Found, clues_of, found_by, students_inside
from students.imports.photos.index import Index, IndexRow, Members, named_twice
from students.imports.photos.pictures import Pictures, Standing
from students.imports.photos.states import TICKED, Facts, State, first_shifted, state_of
from students.matching import Clues, FileName, Matcher, parse
from students.models import ImportRow

Twin = Literal["", "others", "own"]


@dataclass
class Judged:
    """A row with what was found out; `lines` are the places of its rows in the index, `named` is whom the
    file's own name says, where an index says it too.
    """

    row: ImportRow
    name: FileName
    lines: list[int] = field(default_factory=list)
    found: Found = field(default_factory=Found)
    named: int | None = None
    several_names: bool = False
    twin: Twin = ""
    rival: bool = False
    shifted: bool = False

    @property
    def pk(self) -> int | None:
        return self.found.only


def judge(rows: Sequence[ImportRow], index: Index | None, matcher: Matcher, today: date) -> None:
    """Fill `student`, `evidence`, `findings`, `state` and `accepted` of every row that was read."""
    judged = [Judged(row, parse(row.file)) for row in rows if row.state == State.READ]
    if index is not None:
        _find_lines(judged, index)
    _match(judged, index, matcher)
    _twins(judged)
    _rivals(judged, index)
    pks = {one.pk for one in judged if one.pk is not None}
    pictures = Pictures([one.row for one in judged], pks, matcher.roster.numbers)
    if index is not None:
        _alarm(judged, pictures)
    for one in judged:
        settle(one, pictures, today, is_staff=_is_staff(one, index))


def settle(one: Judged, pictures: Pictures, today: date, *, is_staff: bool = False) -> None:
    """Write onto the row what was found out."""
    row, pk = one.row, one.pk
    standing = Standing() if pk is None else pictures.standing(row, pk, today)
    facts = Facts(
        twin=one.twin,
        rival=one.rival,
        disagrees=one.found.disagrees or standing.stops or one.shifted,
        forbidden=standing.forbidden,
        staff=is_staff,
        candidates=2 if one.several_names else len(one.found.pks),
        is_current=standing.is_current,
        was_current=standing.was_current,
        older=standing.older,
        has_photo=standing.has_photo,
    )
    row.state = state_of(facts)
    row.student_id = pk
    row.evidence = one.found.evidence
    row.findings = [*standing.findings, *_own_findings(one)]
    row.accepted = row.state in TICKED and one.found.sure
    student = pictures.students.get(pk) if pk is not None else None
    row.current_sha256 = student.photo_sha256 if student else ""
    row.data["current_photo"] = str(student.profile_photo) if student else ""


def _own_findings(one: Judged) -> list[dict[str, Any]]:
    codes = (
        ("shifted", one.shifted),
        ("twin_of_others", one.twin == "others"),
        ("twin", one.twin == "own"),
        ("rival", one.rival),
        ("same_name", one.several_names),
    )
    return [{"code": code} for code, applies in codes if applies]


def _find_lines(judged: Sequence[Judged], index: Index) -> None:
    members = Members([one.row.file for one in judged])
    found = [members.find(index, row) if row.file else [] for row in index.rows]
    for line, places in enumerate(found):
        for place in places:
            judged[place].lines.append(line)
            judged[place].several_names |= len(places) > 1
    for place in members.twice() | named_twice(found):
        judged[place].several_names = True


def _line(one: Judged, index: Index | None) -> IndexRow | None:
    return index.rows[one.lines[0]] if index is not None and one.lines else None


def _is_staff(one: Judged, index: Index | None) -> bool:
    line = _line(one, index)
    return line is not None and line.is_staff


def _match(judged: Sequence[Judged], index: Index | None, matcher: Matcher) -> None:
    """What index and bytes say; the file's own name where there is no index, or where it agrees with that."""
    lines = [_line(one, index) for one in judged]
    by_name = matcher.match([Clues(file_name=one.row.file) for one in judged])
    if index is None:
        matches = by_name
    else:
        clues = [clues_of(line.said) if line and not line.is_staff else Clues() for line in lines]
        matches = matcher.match(clues)
        for one, line, name in zip(judged, lines, by_name, strict=True):
            one.named = name.candidate.pk if line and name.candidate else None
        says = [found_by(match, None).only for match in matches]
        if _names_agree([one.named for one in judged], says):
            matches = [name if line is None else match
                       for match, name, line in zip(matches, by_name, lines, strict=True)]  # fmt: skip
    ids = [(one.row.data["named"] or {}).get("student_id", "") for one in judged]
    inside = students_inside(set(ids) - {""})
    for one, match, student_id in zip(judged, matches, ids, strict=True):
        one.found = found_by(match, inside.get(student_id))


def _names_agree(by_name: Iterable[int | None], by_index: Iterable[int | None]) -> bool:
    """Whether files are called as the index says: else their names are a lab's counter.

    Only then a file that the index leaves out gets its student by its name.
    """
    pairs = [pair for pair in zip(by_name, by_index, strict=True) if None not in pair]
    return bool(pairs) and all(name == index for name, index in pairs)


def _twins(judged: Iterable[Judged]) -> None:
    """The same pixels: for different students none of them, for one student the first."""
    groups: dict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        groups[one.row.data["pixel_sha256"]].append(one)
    for group in groups.values():
        if len({one.pk for one in group if one.pk is not None}) > 1:
            for one in group:
                one.twin = "others"
        elif len(group) > 1:
            kept = next((one for one in group if one.pk is not None), group[0])
            for one in group:
                one.twin = "" if one is kept else "own"


def _rivals(judged: Iterable[Judged], index: Index | None) -> None:
    """Different pictures of one student: a large one before a small one, a retake before what it repeats."""
    groups: dict[int, list[Judged]] = defaultdict(list)
    for one in judged:
        if one.pk is not None and not one.twin:
            groups[one.pk].append(one)
    for group in (group for group in groups.values() if len(group) > 1):
        ranks = [_rank(one, index) for one in group]
        best = max(ranks)
        is_decided = ranks.count(best) == 1
        for one, rank in zip(group, ranks, strict=True):
            one.rival = not is_decided or rank != best
            if is_decided and rank == best:
                one.found.evidence.append({"code": "retake" if _is_retake(one) else "large"})


def _rank(one: Judged, index: Index | None) -> tuple[bool, bool]:
    line = _line(one, index)
    return (not (line is not None and line.is_small), _is_retake(one))


def _is_retake(one: Judged) -> bool:
    return any("retake" in mark.lower() for mark in one.name.marks)


def _alarm(judged: Sequence[Judged], pictures: Pictures) -> None:
    """From the first row on that seems to have moved to a neighbour, none is taken by itself."""
    ordered = sorted((one for one in judged if one.lines), key=lambda one: one.lines[0])
    said = []
    for place, one in enumerate(ordered):
        neighbours = [ordered[at].pk for at in (place - 1, place + 1) if 0 <= at < len(ordered)]
        said.append((one.pk, one.named or _seen_as(one, neighbours, pictures)))
    first = first_shifted(said)
    if first is not None:
        for one in ordered[first:]:
            one.shifted = True


def _seen_as(one: Judged, neighbours: Iterable[int | None], pictures: Pictures) -> int | None:
    """Whose photo of today this picture is: the student's own first."""
    return next((pk for pk in (one.pk, *neighbours) if pictures.looks_like(one.row, pk)), None)
