"""A lab's index: which file is whose picture. PSPA's dialects, maps of two columns, Memento, headings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from students.imports.photos.index_columns import columns_of, is_picture
from students.imports.photos.member_names import clean
from students.imports.tables import Table, read_table

ENDINGS = (".txt", ".tsv", ".csv", ".xlsx")
TOTAL = re.compile(r"(grand )?totals?\b|total|summe|gesamt", re.IGNORECASE)
STAFF = frozenset(
    {"staff", "faculty", "teacher", "teachers", "fac", "stf", "stff", "personnel", "adult", "employee"}
    | {"administration", "admin", "enseignant", "enseignants", "lehrer", "lehrkraft"}
)
NO_INDEX = 2
FIELDS = ("folder", "file", "number", "last_name", "first_name", "name", "grade", "homeroom", "teacher")


@dataclass(frozen=True, slots=True)
class IndexRow:
    """One person of an index; `said` is what its cells say, by `FIELDS`. Without `file`: was absent."""

    line: int
    said: Mapping[str, str]
    is_staff: bool = False
    is_small: bool = False

    @property
    def file(self) -> str:
        return self.said.get("file", "")


@dataclass(frozen=True, slots=True)
class Index:
    """A read index. `columns`: {field: column, from 0}; `layout` is one of `pspa`, `headed`, `map`."""

    path: str
    rows: list[IndexRow]
    columns: Mapping[str, int]
    layout: str
    table: Table = field(repr=False)

    @property
    def without_picture(self) -> int:
        """Children who were absent."""
        return sum(not row.file for row in self.rows)


def candidates(names: Collection[str]) -> list[str]:
    """Which of these files may be the index, the best first: MASTER has what INDEX lacks, retakes and edits.

    Without one of these names it is the only list among them.
    """
    lists = [name for name in names if name.lower().endswith(ENDINGS)]
    named = [name for name in lists if rank(name) < NO_INDEX]
    if not named:
        return lists if len(lists) == 1 else []
    return sorted(named, key=lambda name: (rank(name), name.count("/"), name))


def rank(name: str) -> int:
    """MASTER before INDEX before anything else."""
    file = PurePosixPath(name).name.lower()
    return 0 if file.startswith("master") else 1 if file.startswith("index") else NO_INDEX


def read_index(
    content: bytes,
    path: str,
    *,
    files: Collection[str],
    numbers: Collection[str],
    known_words: Callable[[], Collection[str]] = tuple,
    options: Mapping[str, Any] | None = None,
) -> Index:
    """`files` are the pictures that came with it, `numbers` all students' numbers. Raises `ImportRefused`."""
    table = read_table(content, options=options or {}, known_words=known_words)
    columns, layout, headings = columns_of(table, files=files, numbers=numbers)
    rows = []
    for place, cells in enumerate(table.rows):
        said = {name: clean(table.cell(place, columns.get(name))) for name in FIELDS if name in columns}
        if place < headings or _is_repeated(table, place, headings) or _is_total(cells, said):
            continue
        rows.append(_row(table, place, said, columns))
    return Index(path, rows, columns, layout, table)


def _row(table: Table, place: int, said: dict[str, str], columns: Mapping[str, int]) -> IndexRow:
    size = table.cell(place, columns.get("image_size")).casefold()
    grade = said.get("grade", "").casefold()
    return IndexRow(table.lines[place], said, grade in STAFF, is_small=size == "small")


def _is_repeated(table: Table, place: int, headings: int) -> bool:
    return headings > 0 and table.rows[place] == table.rows[0]


def _is_total(cells: Sequence[str], said: Mapping[str, str]) -> bool:
    """A last line that counts, and a line that names neither a student nor a file."""
    if not is_picture(said.get("file", "")) and TOTAL.match(next(filter(None, cells), "")):
        return True
    return not any(said.get(name) for name in ("file", "number", "last_name", "first_name", "name"))


class Members:
    """The pictures of an import by their paths, as indexes spell them: case and slashes do not count."""

    def __init__(self, names: Sequence[str]) -> None:
        self._paths: dict[str, list[int]] = {}
        self._files: dict[str, list[int]] = {}
        for place, name in enumerate(names):
            self._paths.setdefault(name.casefold(), []).append(place)
            self._files.setdefault(PurePosixPath(name).name.casefold(), []).append(place)

    def find(self, index: Index, row: IndexRow) -> list[int]:
        """The places of the pictures that a row may mean: none, one, or several.

        First by its path from the index's own folder; then by its file name alone, which labs make unique.
        """
        if not row.file:
            return []
        base = PurePosixPath(index.path).parent
        folder = row.said.get("folder", "").strip("/")
        for path in (base / folder / row.file, base / row.file):
            if found := self._paths.get(str(path).casefold()):
                return found
        return self._files.get(PurePosixPath(row.file).name.casefold(), [])

    def twice(self) -> set[int]:
        """Those that are called the same but for case."""
        return {place for places in self._paths.values() if len(places) > 1 for place in places}


def named_twice(rows: Sequence[Sequence[int]]) -> set[int]:
    """The places of pictures that several rows of an index mean."""
    counted = Counter(place for places in rows for place in places)
    return {place for place, count in counted.items() if count > 1}
