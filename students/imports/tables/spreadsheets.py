"""Excel workbooks. openpyxl, because it tells a cell's number format: the zeros of `00123` are only there."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any

import openpyxl

from students.imports.kind import ImportRefused
from students.imports.tables.table import MAX_COLUMNS, MAX_ROWS, Damage, Table, refusal

MAX_MEMBERS = 2_000
MAX_UNPACKED_BYTES = 400 * 1_048_576
# Excel keeps 15 digits of a number; what follows is made up.
EXACT_BELOW = 10**15
# openpyxl takes these whole into memory, as objects that are many times as large.
HELD_WHOLE = ("sharedstrings.xml", "styles.xml")
MAX_HELD_BYTES = 50 * 1_048_576
MAX_FORMAT = 255  # Excel's own limit
BLANKS_AT_THE_END = 10_000
FORMULA_ERROR = re.compile(r"#(REF!|N/A|VALUE!|NAME\?|DIV/0!|NULL!|NUM!)")


def read_spreadsheet(content: bytes, *, sheet: str) -> Table:
    """The rows of one sheet: the one that is named, else the first visible one with rows."""
    _check_archive(content)
    try:
        return _read(content, sheet)
    except ImportRefused:
        raise
    except Exception as error:  # whatever a workbook made by hand may raise
        raise refusal("broken_spreadsheet") from error


def _check_archive(content: bytes) -> None:
    """zipfile gives no more bytes than a member declares, so that what is declared can be added up."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise refusal("broken_spreadsheet") from error
    if not any(member.filename.startswith("xl/") for member in members):
        raise refusal("not_a_table")
    if len(members) > MAX_MEMBERS or sum(one.file_size for one in members) > MAX_UNPACKED_BYTES:
        raise refusal("broken_spreadsheet")
    held = [one.file_size for one in members if one.filename.lower().endswith(HELD_WHOLE)]
    if any(size > MAX_HELD_BYTES for size in held):
        raise refusal("too_large_spreadsheet")


def _read(content: bytes, name: str) -> Table:
    workbook: Any = openpyxl.load_workbook(
        io.BytesIO(content), read_only=True, data_only=True, keep_links=False
    )
    try:
        visible = [one for one in workbook.worksheets if one.sheet_state == "visible"]
        chosen = [one for one in visible if not name or one.title == name]
        if not chosen:
            raise refusal("no_such_sheet")
        for sheet in chosen:
            table = Table(sheet=sheet.title, sheets=[one.title for one in visible])
            _fill(table, sheet)
            if table.rows:
                break
        return table
    finally:
        workbook.close()


def _fill(table: Table, sheet: Any) -> None:
    sheet.reset_dimensions()  # what a sheet says of its own size may be wrong
    for line, cells in _until_blank(sheet):
        at, shown = len(table.rows), []
        damaged = {}
        for column, cell in enumerate(cells):
            text, damage = shown_as(cell.value, getattr(cell, "number_format", ""))
            shown.append(text)
            if damage:
                damaged[at, column] = damage
        table.add(line, shown)
        if len(table.rows) > at:
            table.damaged |= damaged


def _until_blank(sheet: Any) -> Iterator[tuple[int, Any]]:
    """Up to where nothing more is to be expected: the rows of some sheets go on blank, for a million."""
    blanks = 0
    for line, cells in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS), 1):
        blanks = 0 if any(cell.value is not None for cell in cells) else blanks + 1
        if blanks > BLANKS_AT_THE_END or line > 2 * MAX_ROWS + BLANKS_AT_THE_END:
            return
        if not blanks:
            yield line, cells


def shown_as(value: Any, number_format: str) -> tuple[str, Damage | None]:
    """A cell as Excel shows it, as far as that matters for a list of people."""
    if value is None:
        return "", None
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    if isinstance(value, date | time):
        return value.isoformat(), Damage.DATE
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number_shown(value, number_format)
    text = str(value).replace("\0", "").strip()
    return text, Damage.ERROR if FORMULA_ERROR.fullmatch(text) else None


def _number_shown(value: float, number_format: str) -> tuple[str, Damage | None]:
    if abs(value) >= EXACT_BELOW:
        return f"{value:.0f}", Damage.DIGITS
    return (_with_zeros(int(value), number_format) if value == int(value) else repr(value)), None


def _with_zeros(number: int, number_format: str) -> str:
    """`123` in the format `00000` is `00123`, in `"S-"0000` it is `S-0123`; any other format adds nothing."""
    if len(number_format) > MAX_FORMAT:
        return str(number)
    pieces = _pieces(number_format.split(";", maxsplit=1)[0])
    zeros = sum(piece is None for piece in pieces)
    if number < 0 or not zeros:
        return str(number)
    digits = list(str(number).zfill(zeros))
    filled = []
    for piece in reversed(pieces):
        filled.append(digits.pop() if piece is None else piece)
        if piece is None:
            zeros -= 1
            if not zeros:  # the leftmost place takes all that is left
                filled.extend(reversed(digits))
                digits = []
    return "".join(reversed(filled))


@lru_cache
def _pieces(number_format: str) -> Sequence[str | None]:
    """The format as literals and places for one digit (None); nothing for what is neither."""
    pieces: list[str | None] = []
    rest = re.sub(r"\[[^\]]*\]|_.", "", number_format)
    while rest:
        if rest[0] == "0":
            pieces.append(None)
            rest = rest[1:]
            continue
        literal = re.match(r'"([^"]*)"|\\(.)|([ \-/()])', rest)
        if literal is None:
            return []
        pieces.extend(literal[1] or literal[2] or literal[3] or "")
        rest = rest[literal.end() :]
    return pieces
