"""What a list is once it is read, and why one may not be."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from photostore.errors import Sentence
from students.imports.kind import ImportRefused

MAX_BYTES = 20 * 1_048_576
MAX_ROWS = 50_000
MAX_COLUMNS = 200
MAX_CELL = 512

TABLE_SENTENCES: dict[str, Sentence] = {
    "not_a_table": _(
        "This file is not a list that can be read. Save it as CSV or as an Excel workbook (.xlsx)."
    ),
    "old_excel": _(
        "This is a workbook of an old Excel, or one with a password. Save it as an Excel workbook (.xlsx) "
        "without a password, or as CSV."
    ),
    "broken_spreadsheet": _("This workbook is damaged. Open it, save it again and upload that file."),
    "too_large_spreadsheet": _(
        "This workbook holds too much text or too many formats. Save the list alone in a new workbook, or as "
        "CSV."
    ),
    "no_such_sheet": _("The workbook has no sheet of this name."),
    "too_many_rows": _("The list has more than %(limit)s rows."),
    "wrong_charset": _("The list is not written in %(charset)s."),
    "empty_table": _("The list is empty."),
}


class Damage(StrEnum):
    """What became of a cell before it came here."""

    DATE = "date"  # a spreadsheet took it for one
    DIGITS = "digits"  # a number of more than 15 digits: the last ones are made up
    ERROR = "error"  # a formula that ended in an error
    TOO_LONG = "too_long"  # cut at MAX_CELL


@dataclass(slots=True)
class Table:
    """Rows of trimmed cells, blank rows left out; `lines[i]` is where `rows[i]` stands in the file, from 1.

    `damaged` by (index of the row, index of the column). Of a spreadsheet `charset` and `delimiter` are
    empty, of a text `sheet` and `sheets`.
    """

    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    charset: str = ""
    delimiter: str = ""
    sheet: str = ""
    sheets: list[str] = field(default_factory=list)
    damaged: dict[tuple[int, int], Damage] = field(default_factory=dict)

    def add(self, line: int, cells: list[str]) -> None:
        """One row, unless it is blank. Raises `ImportRefused` beyond the limits."""
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            return
        if len(self.rows) > MAX_ROWS:  # a heading is no row
            raise refusal("too_many_rows", limit=MAX_ROWS)
        if len(cells) > MAX_COLUMNS:
            raise refusal("not_a_table")
        for column, cell in enumerate(cells):
            if len(cell) > MAX_CELL:
                cells[column] = cell[:MAX_CELL]
                self.damaged[len(self.rows), column] = Damage.TOO_LONG
        self.rows.append(cells)
        self.lines.append(line)

    @property
    def width(self) -> int:
        """The number of columns."""
        return max(map(len, self.rows), default=0)

    def cell(self, row: int, column: int | None) -> str:
        """Empty where there is none."""
        if column is None:
            return ""
        cells = self.rows[row]
        return cells[column] if column < len(cells) else ""


def refusal(code: str, **params: object) -> ImportRefused:
    """Why a list cannot be read."""
    return ImportRefused(code, TABLE_SENTENCES[code], **params)
