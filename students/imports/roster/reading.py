"""Reading a list: the table, its columns, its rows, and what each means for the school as it is now."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.db import transaction

from photostore.many_rows import ROWS_TOGETHER, insert
from students.imports import lifecycle
from students.imports.roster.columns import FIELDS, Columns, guessed, is_heading
from students.imports.roster.judging import Judged, judged
from students.imports.roster.lines import lines_of
from students.imports.roster.school import School
from students.imports.roster.words import refusal
from students.imports.tables import Table, read_table
from students.imports.tables.texts import accented_words
from students.models import Import, ImportRow, ImportSource

NAMES_SHOWN = 12


def read(batch: Import) -> None:
    """In one transaction: a killed one leaves nothing, and is begun again. Raises `ImportRefused`."""
    school = School()
    table = read_table(_content(batch), options=batch.options, known_words=school.accented)
    heading = bool(batch.options.get("heading", is_heading(table.rows[0])))
    columns = _columns(batch, table, school, heading=heading)
    lines = list(lines_of(table, columns, heading=heading))
    if not lines:
        raise refusal("empty_table")
    with transaction.atomic():
        ImportRow.objects.filter(batch=batch).delete()
        _keep(batch, judged(lines, school))
        lifecycle.now_ready(batch, found=_found(table, columns, heading=heading))


def _content(batch: Import) -> bytes:
    source = ImportSource.objects.filter(batch=batch).first()
    if source is None:
        raise refusal("list_is_gone")
    return bytes(source.content)


def _columns(batch: Import, table: Table, school: School, *, heading: bool) -> Columns:
    """As they were chosen, else by what they look like. Raises `ImportRefused` without names."""
    chosen: Columns = batch.options.get("columns") or []
    columns = (chosen + [None] * table.width)[: table.width]
    if not chosen:
        columns = guessed(table, heading=heading, known=school.known())
    batch.found = _found(table, columns, heading=heading)
    if not {"name", "last_name", "first_name", "student_number"} & set(columns):
        Import.objects.filter(pk=batch.pk).update(found=batch.found)
        raise refusal("no_names")
    return columns


def _found(table: Table, columns: Columns, *, heading: bool) -> dict[str, Any]:
    """What a person looks at, and may choose otherwise."""
    first = [
        [table.cell(row, column) for column in range(table.width)] for row in range(min(4, len(table.rows)))
    ]
    accented = sorted(
        {cell for row in table.rows for cell in row if not cell.isascii() and accented_words(cell)}
    )
    return {
        "charset": table.charset,
        "delimiter": table.delimiter,
        "sheet": table.sheet,
        "sheets": table.sheets,
        "heading": heading,
        "columns": columns,
        "fields": list(FIELDS),
        "first_rows": first,
        "accented": accented[:NAMES_SHOWN],
    }


def _keep(batch: Import, all_judged: Iterator[Judged]) -> None:
    """In batches, each in one statement."""
    blank = {"batch_id": batch.pk, "file": "", "outcome": "", "current_sha256": ""}
    while some := list(islice(all_judged, ROWS_TOGETHER)):
        insert(ImportRow, [blank | one.columns() for one in some])
