"""Each row of a list as what it says of a student, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from students.imports.roster.cells import (
    DAY_AND_MONTH,
    LOST_DIGITS,
    day_of,
    number_of,
    status_of,
    tidy,
    undefused,
)
from students.imports.roster.columns import FIELDS, Columns, plain
from students.imports.roster.words import refusal
from students.imports.tables import Damage, Table
from students.models import Student

LENGTHS = {
    field.name: field.max_length
    for field in Student._meta.fields
    if field.name in FIELDS and field.max_length and field.name != "status"
}
TOTAL = re.compile(r"(total|totals|sum|gesamt|summe|anzahl|nombre|effectif|count)\b", re.IGNORECASE)


@dataclass(slots=True)
class Line:
    """What one row says: only of what it says something. `problems` are codes with what they are about."""

    n: int
    fields: dict[str, str] = field(default_factory=dict)
    problems: list[dict[str, Any]] = field(default_factory=list)

    @property
    def number(self) -> str:
        """As unique numbers are compared."""
        return self.fields.get("student_number", "").lower()


def lines_of(table: Table, columns: Columns, *, heading: bool) -> Iterator[Line]:
    """Blank rows, totals, repeated headings and repeated rows are none. Raises `ImportRefused`."""
    headings = [plain(cell) for cell in table.rows[0]] if heading else None
    seen: set[tuple[tuple[str, str], ...]] = set()
    for row in range(int(heading), len(table.rows)):
        cells = table.rows[row]
        if headings and [plain(cell) for cell in cells] == headings:
            continue
        line = _line(table, columns, row)
        if _is_total(cells):
            continue
        same = tuple(sorted(line.fields.items()))
        if line.problems or same not in seen:
            seen.add(same)
            yield line


def _is_total(cells: list[str]) -> bool:
    said = [cell for cell in cells if cell]
    return len(said) < 3 and bool(TOTAL.match(said[0]))


def _line(table: Table, columns: Columns, row: int) -> Line:
    line = Line(table.lines[row])
    for column, name in enumerate(columns):
        cell = tidy(table.cell(row, column))
        if name is None or not cell:
            continue
        damage = table.damaged.get((row, column))
        if damage in (Damage.TOO_LONG, Damage.ERROR):
            line.problems.append({"code": f"cell_{damage}", "column": column + 1})
        elif name == "student_number":
            _read_number(line, cell, damage)
        else:
            _read(line, name, cell)
    _compose_name(line)
    for name, limit in LENGTHS.items():
        if len(line.fields.get(name, "")) > limit:
            line.problems.append({"code": "too_long", "field": name, "limit": limit})
    return line


def _read_number(line: Line, cell: str, damage: Damage | None) -> None:
    if damage == Damage.DIGITS or LOST_DIGITS.fullmatch(cell):
        raise refusal("digits_lost", line=line.n, cell=cell)
    if damage == Damage.DATE or DAY_AND_MONTH.fullmatch(cell):
        line.problems.append({"code": "number_is_a_date", "cell": cell})
    line.fields["student_number"] = number_of(cell)


def _read(line: Line, name: str, cell: str) -> None:
    if name == "status":
        status = status_of(cell)
        if status is None:
            line.problems.append({"code": "unknown_status", "cell": cell})
        line.fields[name] = status or ""
    elif name == "left_on":
        day = day_of(cell)
        if day is None:
            line.problems.append({"code": "not_a_day", "cell": cell})
        line.fields[name] = day.isoformat() if day else ""
    else:
        line.fields[name] = undefused(cell)


def _compose_name(line: Line) -> None:
    """`Lovelace, Ada` is a last and a first name; of those two the name is made where none is given."""
    said = line.fields
    parts = said.get("name", "").split(",")
    if len(parts) == 2 and not {"first_name", "last_name"} & said.keys() and all(map(str.strip, parts)):
        said["last_name"], said["first_name"] = (part.strip() for part in parts)
        del said["name"]


def full_name(fields: dict[str, str]) -> str:
    """As it is shown."""
    if fields.get("name"):
        return fields["name"]
    return " ".join(filter(None, (fields.get("first_name"), fields.get("last_name"))))
