"""Who is at the school, as an index for matching: built once from a stream, a few dozen bytes a student."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations
from typing import Self

from students.matching.folding import is_almost, name_words, number_key
from students.models import Student

BATCH = 5_000
SHORTEST_MISSPELT = 4

Row = tuple[int, str | None, str, str, str]


@dataclass(slots=True)
class Roster:
    """`entries` are students by their position; one whose name is written in two ways has two."""

    pks: array[int] = field(default_factory=lambda: array("q"))
    sizes: array[int] = field(default_factory=lambda: array("B"))
    numbers: dict[str, int] = field(default_factory=dict)
    bare_numbers: dict[str, list[int]] = field(default_factory=dict)
    words: dict[str, array[int]] = field(default_factory=dict)

    @classmethod
    def today(cls) -> Self:
        """Everybody, also who left: a leaver's namesake is not the only one of the name."""
        columns = ("pk", "student_number", "name", "last_name", "first_name")
        rows = Student.objects.order_by().values_list(*columns)
        return cls.of(rows.iterator(chunk_size=BATCH))

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Self:
        """From primary key, number, name, last and first name."""
        roster = cls()
        for pk, number, name, last, first in rows:
            called = name_words(name)
            roster._add(pk, called)
            if (last or first) and name != f"{first} {last}":
                other = name_words(f"{first} {last}")
                if set(other) != set(called):
                    roster._add(pk, other)
            if number:
                roster._add_number(pk, number_key(number))
        return roster

    def by_number(self, written: str) -> int | None:
        """Who has exactly this number, whatever the case of its letters."""
        return self.numbers.get(number_key(written))

    def by_bare_number(self, written: str) -> list[int]:
        """Whose number it is if leading zeros do not count; more than one are no answer."""
        bare = number_key(written).lstrip("0")
        found = [self.numbers[bare]] if bare in self.numbers else []
        return [*found, *self.bare_numbers.get(bare, ())]

    def by_words(self, asked: Collection[str]) -> Iterator[tuple[int, bool, bool]]:
        """Who shares the words: pk, whether all words asked are theirs, whether all of theirs were asked.

        At least one of both holds. One word alone is asked only of who has no other.
        """
        sets = [set(self.words[word]) for word in asked if word in self.words]
        if len(asked) == 1:
            hits = {entry for one in sets for entry in one if self.sizes[entry] == 1}
        else:
            hits = {entry for one, other in combinations(sets, 2) for entry in one & other}
        for entry in hits:
            shared = sum(entry in one for one in sets)
            if shared in {len(asked), self.sizes[entry]}:
                yield self.pks[entry], shared == len(asked), shared == self.sizes[entry]

    def almost(self, asked: Collection[str]) -> dict[str, set[str]]:
        """Words of names that are written almost like these; one pass over the words, whatever is asked."""
        by_variant: dict[str, set[str]] = {}
        for word in asked:
            if len(word) >= SHORTEST_MISSPELT:
                for variant in _variants(word):
                    by_variant.setdefault(variant, set()).add(word)
        found: dict[str, set[str]] = {}
        for known in self.words if by_variant else ():
            for variant in _variants(known):
                for word in by_variant.get(variant, ()):
                    if word != known and is_almost(word, known):
                        found.setdefault(word, set()).add(known)
        return found

    def _add(self, pk: int, called: tuple[str, ...]) -> None:
        entry = len(self.pks)
        self.pks.append(pk)
        different = set(called)
        self.sizes.append(min(len(different), 255))
        for word in different:
            if word not in self.words:
                self.words[word] = array("I")
            self.words[word].append(entry)

    def _add_number(self, pk: int, number: str) -> None:
        self.numbers[number] = pk
        if number.startswith("0"):
            self.bare_numbers.setdefault(number.lstrip("0"), []).append(pk)


def _variants(word: str) -> Iterator[str]:
    """The word, and the word without one of its letters: two that are almost alike share one."""
    yield word
    for at in range(len(word)):
        yield word[:at] + word[at + 1 :]
