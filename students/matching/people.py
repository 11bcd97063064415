"""The students whom the index points at, as they are called and where they are: one query for many."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice

from students.matching.folding import class_key, is_almost, name_words
from students.models import Student

BATCH = 5_000
COLUMNS = ("pk", "student_number", "name", "last_name", "first_name", "class_name", "grade")
SHORTEST_MISSPELT = 4


@dataclass(frozen=True, slots=True)
class Person:
    """A student who is here."""

    pk: int
    number: str
    name: str
    last_name: str
    first_name: str
    class_name: str
    grade: str

    def is_called(self, last: str, first: str) -> bool:
        """Whether the words stand where they should: last and first name are two things."""
        asked = name_words(last), name_words(first)
        if self.last_name and self.first_name:
            return asked == (name_words(self.last_name), name_words(self.first_name))
        return name_words(self.name) == (*asked[1], *asked[0])

    def shares(self, words: Collection[str]) -> bool:
        """Whether a word of the name is among these, or almost."""
        own = name_words(f"{self.name} {self.last_name} {self.first_name}")
        return any(
            word == other or (len(other) >= SHORTEST_MISSPELT and is_almost(word, other))
            for word in own
            for other in words
        )

    def may_be_in(self, class_name: str, grade: str) -> bool:
        """Whether nothing speaks against it; what is not known of a student does not."""
        is_class = not (class_name and self.class_name) or class_key(class_name) == class_key(self.class_name)
        return is_class and (not (grade and self.grade) or _grade_key(grade) == _grade_key(self.grade))

    def is_in_one_of(self, texts: Collection[str]) -> bool:
        """Whether the class is written there."""
        return bool(self.class_name) and class_key(self.class_name) in {class_key(one) for one in texts}


People = dict[int, Person]


def of(pks: Collection[int]) -> People:
    """By their primary keys; students who are not here are left out."""
    return {person.pk: person for person in _read(pks)}


def _read(pks: Collection[int]) -> Iterator[Person]:
    remaining = iter(pks)
    while batch := list(islice(remaining, BATCH)):
        for pk, number, *rest in Student.objects.filter(pk__in=batch).values_list(*COLUMNS):
            yield Person(pk, number or "", *rest)


def _grade_key(grade: str) -> str:
    """`8`, `08` and `Grade 8` are one grade."""
    digits = re.findall(r"\d+", grade)
    return digits[0].lstrip("0") if digits else class_key(grade)
