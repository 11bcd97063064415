"""The list of students as a file: the columns that an import takes, so that one becomes the other."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.http import StreamingHttpResponse
from django.utils.translation import get_language
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from photostore.audit import Actor, record
from students.imports.roster.columns import FIELDS
from students.models import StudentQuerySet

ROWS_TOGETHER = 2_000
CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What a spreadsheet would take for a formula, also behind what keeps it from doing so.
FORMULA = re.compile(r"'*[=+\-@\t\r]")


def list_file(students: StudentQuerySet, extension: str, actor: Actor) -> StreamingHttpResponse:
    """A `csv` or an `xlsx`, to be saved, and kept by no cache; the audit says that it was done."""
    record(actor, "student.export_list", details=[extension])
    response = (
        StreamingHttpResponse([as_xlsx(students)], content_type=XLSX_TYPE)
        if extension == "xlsx"
        else StreamingHttpResponse(as_csv(students), content_type=CSV_TYPE)
    )
    response["Content-Disposition"] = f'attachment; filename="students.{extension}"'
    response["Cache-Control"] = "private, no-store"
    return response


def as_csv(students: StudentQuerySet) -> Iterator[bytes]:
    """With the mark by which Excel knows UTF-8, and the delimiter that it expects in this language."""
    kept = io.StringIO()
    writer = csv.writer(kept, delimiter=";" if (get_language() or "").startswith("fr") else ",")
    kept.write("\N{BYTE ORDER MARK}")
    writer.writerow(FIELDS)
    for n, row in enumerate(_rows(students), 1):
        writer.writerow(map(defused, row))
        if n % ROWS_TOGETHER == 0:
            yield kept.getvalue().encode()
            kept.seek(0)
            kept.truncate()
    yield kept.getvalue().encode()


def as_xlsx(students: StudentQuerySet) -> bytes:
    """Every cell a text: numbers keep their zeros, and nothing is a formula."""
    workbook: Any = Workbook(write_only=True)
    sheet = workbook.create_sheet("students")
    sheet.append(FIELDS)
    for row in _rows(students):
        sheet.append([_text_cell(sheet, value) for value in row])
    kept = io.BytesIO()
    workbook.save(kept)
    return kept.getvalue()


def defused(value: str) -> str:
    """A cell that no spreadsheet takes for a formula; an import takes the quote away again."""
    return f"'{value}" if FORMULA.match(value) else value


def _text_cell(sheet: Any, value: str) -> Any:
    cell: Any = WriteOnlyCell(sheet, value=value)
    cell.data_type = "s"
    cell.number_format = "@"
    return cell


def _rows(students: StudentQuerySet) -> Iterable[list[str]]:
    rows = students.order_by("class_name", "name", "pk").values_list(*FIELDS)
    for row in rows.iterator(chunk_size=ROWS_TOGETHER):
        yield ["" if value is None else str(value) for value in row]
