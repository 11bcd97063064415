"""Clues and the roster put together, for many photos at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from students.matching import people
from students.matching.candidates import Candidate, Clues, Match, State, judged
from students.matching.file_names import FileName, parse
from students.matching.folding import name_words
from students.matching.people import People, Person
from students.matching.reasons import BY_NAME, Note, Reason
from students.matching.roster import Roster

# Of a name that more students share, none is looked at: only a person can tell.
MOST = 200
SHORTEST_NUMBER_BESIDE_OTHERS = 2


# Whom something points at, why, and what is written there.
Hit = tuple[int, Reason, str]


@dataclass(slots=True)
class _Asked:
    """One photo on its way."""

    clues: Clues
    file: FileName
    words: tuple[str, ...]
    numbers: list[Hit] = field(default_factory=list)
    names: list[Hit] = field(default_factory=list)

    @property
    def in_cells(self) -> bool:
        return bool(self.clues.last_name or self.clues.first_name)

    @property
    def called(self) -> str:
        """The name as it is written."""
        cells = f"{self.clues.last_name} {self.clues.first_name}".strip()
        return cells if self.in_cells else self.file.stem


class Matcher:
    """Use one for many photos; the roster is that of the moment when it was built."""

    def __init__(self, roster: Roster | None = None) -> None:
        self.roster = roster or Roster.today()

    def match(self, photos: Sequence[Clues]) -> list[Match]:
        """One answer for each, in their order. A name counts where it is unique among these, too."""
        asked = [self._asked(clues) for clues in photos]
        self._add_almost([one for one in asked if not one.numbers and not one.names])
        pks = {pk for one in asked for pk, *_ in (*one.numbers, *one.names)}
        known = people.of(pks)
        return _one_file_each([_judged(one, known) for one in asked])

    def _asked(self, clues: Clues) -> _Asked:
        file = parse(clues.file_name)
        in_cells = name_words(f"{clues.first_name} {clues.last_name}")
        one = _Asked(clues, file, in_cells or file.words)
        one.numbers = self._by_number(clues, file)
        one.names = self._by_name(one)
        return one

    def _by_number(self, clues: Clues, file: FileName) -> list[Hit]:
        if file.pk is not None and not clues.number:
            return [(file.pk, Reason.ID_IN_FILE_NAME, file.stem)]
        if clues.number:
            found = self._whole(clues.number)
            stems = [(pk, Reason.NUMBER, file.stem) for pk in [self.roster.by_number(file.whole)] if pk]
            return found + [one for one in stems if found and one[0] != found[0][0]]
        for written in dict.fromkeys((file.whole, file.stem)):
            if written and not file.is_cameras and (found := self._whole(written)):
                return found
        return [] if file.is_cameras else self._among(file.tokens)

    def _whole(self, written: str) -> list[Hit]:
        exact = self.roster.by_number(written)
        if exact is not None:
            return [(exact, Reason.NUMBER, written)]
        bare = self.roster.by_bare_number(written)
        return [(pk, Reason.NUMBER_WITHOUT_ZEROS, written) for pk in bare]

    def _among(self, tokens: Sequence[str]) -> list[Hit]:
        """A number beside other words; exact ones first."""
        numbers = [one for one in tokens if len(one) >= SHORTEST_NUMBER_BESIDE_OTHERS]
        exact = {pk: one for one in numbers if (pk := self.roster.by_number(one)) is not None}
        bare = {pk: one for one in numbers if one.isdecimal() for pk in self.roster.by_bare_number(one)}
        return [(pk, Reason.NUMBER_IN_FILE_NAME, one) for pk, one in (exact or bare).items()]

    def _by_name(self, one: _Asked) -> list[Hit]:
        words = set(one.words)
        if not _may_be_a_name(words):
            return []
        found = list(self.roster.by_words(words))
        exact = {pk for pk, theirs, asked in found if theirs and asked}
        if exact:
            reason = Reason.NAME if one.in_cells else Reason.NAME_IN_FILE_NAME
            return [(pk, reason, one.called) for pk in sorted(exact)]
        parts = {pk: Reason.PART_OF_NAME if theirs else Reason.MORE_THAN_NAME for pk, theirs, _ in found}
        return [(pk, reason, one.called) for pk, reason in sorted(parts.items())]

    def _add_almost(self, asked: list[_Asked]) -> None:
        """One word of the name may be misspelt."""
        known = self.roster.almost({word for one in asked for word in one.words})
        for one in asked:
            words = set(one.words)
            others = [words - {word} | {other} for word in words for other in known.get(word, ())]
            found = {pk for called in others for pk, *whole in self.roster.by_words(called) if all(whole)}
            one.names = [(pk, Reason.ALMOST, one.called) for pk in sorted(found)] if len(words) > 1 else []


def _may_be_a_name(words: set[str]) -> bool:
    """One word is a name only in scripts that put no space between names."""
    return len(words) > 1 or any(not word.isascii() for word in words)


def _judged(one: _Asked, known: People) -> Match:
    if [pk for pk, *_ in one.numbers if pk in known]:
        return _judged_by_number(one, known)
    if len(one.names) > MOST:
        return Match(State.AMBIGUOUS, (), ({"code": Note.SEVERAL_FIT.value},), one.file.marks)
    notes: list[dict[str, Any]] = []
    candidates = _in_order(
        [_candidate(known[hit[0]], *hit[1:]) for hit in one.names if hit[0] in known], one, known
    )
    candidates, class_differs = _of_the_class(candidates, one, known)
    if class_differs:
        notes.append({"code": Note.CLASS_DIFFERS.value, "written": class_differs})
    if one.clues.number and any(candidate.number for candidate in candidates):
        notes.append({"code": Note.NUMBER_DIFFERS.value, "written": one.clues.number})
    return judged(tuple(candidates), notes, one.file.marks)


def _judged_by_number(one: _Asked, known: People) -> Match:
    """Whom the number says; a name that says another student is a matter for a person."""
    candidates = [_candidate(known[hit[0]], *hit[1:]) for hit in one.numbers if hit[0] in known]
    namesakes = [known[pk] for pk, reason, _ in one.names if pk in known and reason in _WHOLE_NAMES]
    notes: list[dict[str, Any]] = []
    pks = {candidate.pk for candidate in candidates}
    others = [person for person in namesakes if person.pk not in pks]
    agrees = any(known[pk].shares(one.words) for pk in pks)
    if (others and len(others) == len(namesakes)) or (one.in_cells and one.words and not agrees):
        notes.append({"code": Note.DISAGREE.value})
        reason = Reason.NAME if one.in_cells else Reason.NAME_IN_FILE_NAME
        candidates += [_candidate(person, reason, one.called) for person in others[:MOST]]
    elif one.clues.number and len({candidate.written for candidate in candidates}) > 1:
        notes.append({"code": Note.DISAGREE.value})  # the cell and the file's own number
    elif agrees and len(candidates) == 1 and candidates[0].reason == Reason.NUMBER_IN_FILE_NAME:
        candidates = [replace(candidates[0], reason=Reason.NUMBER_AND_NAME, written=one.file.stem)]
    return judged(tuple(candidates), notes, one.file.marks)


_WHOLE_NAMES = frozenset({Reason.NAME, Reason.NAME_IN_FILE_NAME})


def _candidate(person: Person, reason: Reason, written: str) -> Candidate:
    return Candidate(person.pk, person.name, person.number, person.class_name, person.grade, reason, written)


def _in_order(candidates: list[Candidate], one: _Asked, known: People) -> list[Candidate]:
    """`Thomas, James` is not `James, Thomas`: what is certain has its words in their places."""
    clues = one.clues
    return [
        replace(candidate, reason=Reason.OTHER_ORDER)
        if candidate.reason == Reason.NAME
        and not known[candidate.pk].is_called(clues.last_name, clues.first_name)
        else candidate
        for candidate in candidates
    ]


def _of_the_class(candidates: list[Candidate], one: _Asked, known: People) -> tuple[list[Candidate], str]:
    """The students who may be in the stated class; an empty class counts as not stated."""
    told = one.clues.class_name, one.clues.grade
    if not any(told):
        beside = (*one.file.folders, *one.file.tokens)
        fitting = [candidate for candidate in candidates if known[candidate.pk].is_in_one_of(beside)]
        return (fitting, "") if len(fitting) == 1 else (candidates, "")
    fitting = [candidate for candidate in candidates if known[candidate.pk].may_be_in(*told)]
    if not fitting:
        return candidates, " ".join(filter(None, told)) if candidates else ""
    if len(fitting) == 1 < len(candidates) and fitting[0].reason == Reason.NAME:
        fitting = [replace(fitting[0], reason=Reason.NAME_AND_CLASS)]
    return fitting, ""


def _one_file_each(matches: list[Match]) -> list[Match]:
    """A name that several photos share identifies no student for certain."""
    files = Counter(match.candidate.pk for match in matches if match.candidate)
    return [
        replace(match, state=State.AMBIGUOUS, notes=(*match.notes, {"code": Note.SEVERAL_FILES.value}))
        if (one := match.candidate) and one.reason in BY_NAME and files[one.pk] > 1
        else match
        for match in matches
    ]
