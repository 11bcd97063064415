"""The school as it is when a list is read: who has which number, and who is called how."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from functools import cached_property
from typing import NamedTuple

from students.imports.roster.columns import Known
from students.imports.tables.texts import accented_words
from students.models import Student
from students.search import words

Name = tuple[str, ...]


class Pupil(NamedTuple):
    """A student's row, as far as a list may speak of it."""

    pk: int
    student_number: str | None
    name: str
    first_name: str
    last_name: str
    class_name: str
    grade: str
    status: str
    left_on: date | None

    def fields(self) -> dict[str, str | None]:
        """By name, without the key; a day as a list writes it."""
        fields = self._asdict() | {"left_on": self.left_on and self.left_on.isoformat()}
        del fields["pk"]
        return fields


def name_key(name: str) -> Name:
    """The words of a name in whichever order, without case and accents."""
    return tuple(sorted(words(name)))


def number_key(number: str) -> str:
    """A number but for its leading zeros."""
    return number.lower().lstrip("0")


class School:
    """Every student, read once."""

    def __init__(self) -> None:
        rows = Student.objects.order_by("pk").values_list(*Pupil._fields)
        self.pupils = {row[0]: Pupil(*row) for row in rows.iterator(chunk_size=5_000)}
        self.by_number = {p.student_number.lower(): p for p in self.pupils.values() if p.student_number}

    @cached_property
    def by_number_without_zeros(self) -> dict[str, list[Pupil]]:
        """Several have one where `0123` and `123` are two students."""
        found = defaultdict(list)
        for number, pupil in self.by_number.items():
            found[number_key(number)].append(pupil)
        return dict(found)

    @cached_property
    def by_name(self) -> dict[Name, list[Pupil]]:
        """Namesakes have one."""
        found = defaultdict(list)
        for pupil in self.pupils.values():
            found[name_key(pupil.name)].append(pupil)
        return dict(found)

    def accented(self) -> set[str]:
        """The words of names on which charsets differ."""
        return accented_words(
            " ".join(f"{p.name} {p.first_name} {p.last_name}" for p in self.pupils.values())
        )

    def known(self) -> Known:
        """What tells columns from each other."""
        return Known(
            numbers=self.by_number.keys(),
            last_names={p.last_name.casefold() for p in self.pupils.values()} - {""},
            first_names={p.first_name.casefold() for p in self.pupils.values()} - {""},
        )
