"""Which column says what: by its heading, else by what stands in it. A person may say otherwise."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from students.imports.roster.cells import day_of, status_of
from students.imports.tables import Table

Columns = list[str | None]

FIELDS = ("student_number", "name", "last_name", "first_name", "class_name", "grade", "status", "left_on")
# Without case, accents, spaces and `_ -.`; from the import pages of school systems. Of several headings that
# mean the same, the one that stands first here is meant: `ID` is often the other system's own.
HEADINGS = {
    "student_number": (
        *("studentnumber", "studentno", "studentid", "upn", "permid", "pupilid", "admissionno"),
        *("admissionnumber", "matricule", "numero", "numerodeleve", "schulernummer", "localid", "number"),
        *("no", "nr", "id"),
    ),
    "name": (
        *("name", "fullname", "studentname", "displayname", "nomcomplet", "nometprenom"),
        *("pupil", "student"),
    ),
    "last_name": ("lastname", "last", "lname", "surname", "familyname", "nom", "nomdefamille", "nachname"),
    "first_name": ("firstname", "first", "fname", "givenname", "forename", "prenom", "vorname"),
    "class_name": ("classname", "class", "homeroom", "form", "classe", "regform", "klasse"),
    "grade": ("grade", "gradelevel", "year", "yeargroup", "niveau", "stufe"),
    "status": ("status", "statut", "enrolmentstatus"),
    "left_on": ("lefton", "leavingdate", "dateleft", "datedesortie"),
}  # fmt: skip
FIELD_OF = {heading: field for field, headings in HEADINGS.items() for heading in headings}
SAMPLE = 2_000
MOST = 0.9
ENOUGH_CELLS = 10


@dataclass(frozen=True, slots=True)
class Known:
    """What the school knows, case-folded: it tells a column of numbers, and last names from first names."""

    numbers: Collection[str]
    last_names: Collection[str]
    first_names: Collection[str]


def plain(heading: str) -> str:
    """A heading without case, accents and punctuation."""
    decomposed = unicodedata.normalize("NFKD", heading).casefold()
    return re.sub(r"[^0-9a-z]", "", decomposed)


def is_heading(cells: list[str]) -> bool:
    """Whether a row names columns: two that are known, or one among cells without a digit."""
    known = sum(plain(cell) in FIELD_OF for cell in cells)
    return known > 1 or (known == 1 and not any(character.isdigit() for cell in cells for character in cell))


def guessed(table: Table, *, heading: bool, known: Known) -> Columns:
    """A field, or None, for each column."""
    columns: Columns = [None] * table.width
    if heading:
        _by_heading(table, columns)
    contents = [_contents(table, column, skip=int(heading)) for column in range(table.width)]
    _drop_what_does_not_fit(columns, contents)
    if "student_number" not in columns:
        _set(columns, "student_number", _column_of_numbers(columns, contents, known))
    if not {"name", "last_name", "first_name"} & set(columns):
        _guess_names(columns, contents, known)
    if not heading and "class_name" not in columns:
        _set(columns, "class_name", _column_of_classes(columns, contents))
    return columns


def _by_heading(table: Table, columns: Columns) -> None:
    headings = [plain(cell) for cell in table.rows[0]]
    for field, names in HEADINGS.items():
        found = next((headings.index(name) for name in names if name in headings), None)
        _set(columns, field, found)


def _set(columns: Columns, field: str, column: int | None) -> None:
    if column is not None and columns[column] is None:
        columns[column] = field


def _contents(table: Table, column: int, *, skip: int) -> list[str]:
    """The cells that are not empty."""
    cells = (table.cell(row, column) for row in range(skip, min(len(table.rows), SAMPLE)))
    return [cell for cell in cells if cell]


def _drop_what_does_not_fit(columns: Columns, contents: list[list[str]]) -> None:
    """A column called `Status` may be about meals, and one called `Left` about a hand."""
    for column, field in enumerate(columns):
        if field == "status" and not all(status_of(cell) for cell in contents[column]):
            columns[column] = None
        if field == "left_on" and not all(day_of(cell) for cell in contents[column]):
            columns[column] = None


def _free(columns: Columns, contents: list[list[str]]) -> Iterable[int]:
    return (column for column, cells in enumerate(contents) if columns[column] is None and cells)


def _column_of_numbers(columns: Columns, contents: list[list[str]], known: Known) -> int | None:
    """The one whose cells are distinct numbers of students; of a school that is new, distinct numbers."""
    distinct = [c for c in _free(columns, contents) if len(set(contents[c])) == len(contents[c])]
    ours = [
        c for c in distinct if len(contents[c]) >= ENOUGH_CELLS and _part(contents[c], known.numbers) >= MOST
    ]
    if ours:
        return ours[0] if len(ours) == 1 else None
    looks = [
        c for c in distinct if _share(bool(re.fullmatch(r"\S*\d\S*", cell)) for cell in contents[c]) >= MOST
    ]
    return looks[0] if len(looks) == 1 else None


def _guess_names(columns: Columns, contents: list[list[str]], known: Known) -> None:
    """One column of words with a space is the name; two are last and first name, in the order of labs'
    indexes unless the school's names say otherwise."""
    worded = [c for c in _free(columns, contents) if _share(map(_is_words, contents[c])) >= MOST]
    varied = [c for c in worded if len(set(contents[c])) > len(contents[c]) / 3]
    whole = [c for c in varied if _share(" " in cell for cell in contents[c]) >= MOST]
    if len(whole) == 1:
        _set(columns, "name", whole[0])
    elif len(varied) == 2:
        one, other = varied
        swapped = _part(contents[one], known.first_names) + _part(contents[other], known.last_names)
        straight = _part(contents[one], known.last_names) + _part(contents[other], known.first_names)
        _set(columns, "first_name" if swapped > straight else "last_name", one)
        _set(columns, "last_name" if swapped > straight else "first_name", other)


def _column_of_classes(columns: Columns, contents: list[list[str]]) -> int | None:
    repeated = [c for c in _free(columns, contents) if len(set(contents[c])) <= len(contents[c]) / 3]
    found = [c for c in repeated if _share(map(_is_class, contents[c])) >= MOST]
    return found[0] if len(found) == 1 else None


def _is_number(cell: str) -> bool:
    return bool(re.fullmatch(r"\S*\d\S*", cell))


def _is_class(cell: str) -> bool:
    return any(map(str.isdigit, cell)) and any(map(str.isalpha, cell))


def _is_words(cell: str) -> bool:
    return not any(character.isdigit() for character in cell) and any(map(str.isalpha, cell))


def _part(cells: list[str], known: Collection[str]) -> float:
    return _share(cell.casefold() in known for cell in cells)


def _share(yes: Iterable[bool]) -> float:
    counted = Counter(map(bool, yes))
    return counted[True] / max(counted.total(), 1)
