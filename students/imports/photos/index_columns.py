"""Which column of an index is what: by its heading, by the layout of the trade, by what stands in it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath

from photostore.intake import KNOWN_EXTENSIONS
from students.imports.tables import Table
from students.matching.folding import number_key

HEADINGS: Mapping[str, frozenset[str]] = {
    "number": frozenset(
        {"studentnumber", "studentid", "id", "permid", "upn", "localid", "pupilid", "admissionno"}
        | {"matricule", "numero", "number", "studentno", "schülernummer", "nummer"}
    ),
    "file": frozenset(
        {"filename", "file", "imagefilename", "image", "photo", "imagename", "fichier", "datei"}
    ),
    "folder": frozenset({"folder", "imagefolder", "path", "dossier"}),
    "last_name": frozenset({"lastname", "lname", "surname", "nom", "nachname", "familyname", "last"}),
    "first_name": frozenset({"firstname", "fname", "givenname", "forename", "prenom", "vorname", "first"}),
    "name": frozenset({"name", "fullname", "studentname"}),
    "grade": frozenset({"grade", "gradelevel", "year", "niveau"}),
    "homeroom": frozenset({"homeroom", "class", "form", "classe", "regform", "klasse"}),
    "teacher": frozenset({"teacher", "teachername"}),
    "image_size": frozenset({"imagesize", "size"}),
}
# All labs agree on the first six; what follows differs, is shown, and is no evidence.
PSPA = {"volume": 0, "folder": 1, "file": 2, "grade": 3, "last_name": 4, "first_name": 5}
PSPA_LONG = {"homeroom": 6, "teacher": 8, "image_size": 12}
PSPA_SHORT = {"homeroom": 6}
PSPA_PICABOO = {"teacher": 6, "homeroom": 7}
NUMBERS_SHARE, NUMBERS_AT_LEAST = 0.9, 10
FILES_SHARE = 0.5


def is_picture(name: str) -> bool:
    """Whether it is called as a picture is."""
    return PurePosixPath(name.replace("\\", "/")).suffix.lower().lstrip(".") in KNOWN_EXTENSIONS


def columns_of(
    table: Table, *, files: Collection[str], numbers: Collection[str]
) -> tuple[dict[str, int], str, int]:
    """{field: column}, the layout, and the number of heading rows.

    Of PSPA and maps: the column of the numbers is the only one that holds nothing but students' numbers.
    """
    headed = _by_heading(table)
    if headed:
        if "file" not in headed:
            _add(headed, "file", _file_column(table, files, besides=headed.values(), first=1))
        if not headed.keys() & {"number", "last_name", "name"}:
            _add(headed, "number", _number_column(table, numbers, besides=headed.values()))
        return headed, "headed", 1
    at = _file_column(table, files)
    if at == PSPA["file"] and table.width >= len(PSPA):
        number = _number_column(table, numbers, besides=PSPA.values())
        rest = {name: column for name, column in _pspa_rest(table, number).items() if column != number}
        columns = PSPA | rest
        _add(columns, "number", number)
        return columns, "pspa", 0
    columns = {} if at is None else {"file": at}
    if at is not None and table.width == 2:
        columns["number"] = 1 - at
    else:
        _add(columns, "number", _number_column(table, numbers, besides=columns.values()))
    return columns, "map", 0


def _add(columns: dict[str, int], name: str, at: int | None) -> None:
    if at is not None:
        columns[name] = at


def _by_heading(table: Table) -> dict[str, int]:
    """Empty where the first row is not one: two known headings, or one and no picture beside it."""
    first = table.rows[0]
    found: dict[str, int] = {}
    for at, cell in enumerate(first):
        plain = re.sub(r"[_\-. ]", "", cell.casefold())
        name = next((name for name, known in HEADINGS.items() if plain in known), None)
        if name is not None and name not in found:
            found[name] = at
    return {} if any(map(is_picture, first)) else found


def _pspa_rest(table: Table, number: int | None) -> Mapping[str, int]:
    if table.delimiter == ",":
        return PSPA_PICABOO
    return PSPA_LONG if table.width - (number is not None) > 8 else PSPA_SHORT


def _cells(table: Table, at: int, first: int = 0) -> list[str]:
    cells = (table.cell(place, at) for place in range(first, len(table.rows)))
    return [cell for cell in cells if cell]


def _file_column(
    table: Table, files: Collection[str], *, besides: Collection[int] = (), first: int = 0
) -> int | None:
    """The column whose cells are called as pictures are; else the one that names most of those that came."""
    known = {PurePosixPath(name).name.casefold() for name in files}
    known |= {PurePosixPath(name).stem.casefold() for name in files}
    shares = {}
    for at in range(table.width):
        cells = _cells(table, at, first)
        if at not in besides and cells:
            hits = sum(is_picture(cell) or cell.casefold() in known for cell in cells)
            pictures = sum(is_picture(cell) for cell in cells)
            shares[at] = (hits / len(cells), pictures / len(cells))
    best = max(shares, key=lambda at: (shares[at][1], shares[at][0]), default=None)
    return best if best is not None and shares[best][0] >= FILES_SHARE else None


def _number_column(table: Table, numbers: Collection[str], *, besides: Collection[int]) -> int | None:
    """The only column of which nine of ten cells are each another student's number."""
    found = [at for at in range(table.width) if at not in besides and _holds_numbers(table, at, numbers)]
    return found[0] if len(found) == 1 else None


def _holds_numbers(table: Table, at: int, numbers: Collection[str]) -> bool:
    cells = _cells(table, at)
    known = {number_key(cell) for cell in cells if number_key(cell) in numbers}
    return len(cells) >= NUMBERS_AT_LEAST and len(known) >= NUMBERS_SHARE * len(cells)
