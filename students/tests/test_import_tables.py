"""Lists in every charset and with every delimiter, and what Excel does to them."""

from __future__ import annotations

import datetime
import io
import zipfile
from typing import Any

import pytest
from openpyxl import Workbook

from students.imports.kind import ImportRefused
from students.imports.tables import Damage, Table, read_table, spreadsheets, table
from students.imports.tables.texts import accented_words

NAMES = ["Muñoz", "José", "Lefèvre", "Zoë", "Größl", "Ångström", "Noël", "François", "Béatrice", "Hélène"]
ROWS = [["Number", "Last", "First", "Class"]] + [
    [f"{n:05}", NAMES[n % 10], NAMES[(n + 3) % 10], "4b"] for n in range(1, 30)
]
KNOWN = accented_words(" ".join(NAMES))
CHARSETS = [
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "cp1252",
    "mac_roman",
    "cp850",
    "iso8859-15",
]


def text(rows: list[list[str]], delimiter: str, ending: str = "\r\n") -> str:
    return ending.join(delimiter.join(row) for row in rows) + ending


def read(content: bytes, **options: str) -> Table:
    return read_table(content, options=options, known_words=lambda: KNOWN)


@pytest.mark.parametrize("delimiter", ["\t", ";", ",", "|"])
@pytest.mark.parametrize("charset", CHARSETS)
def test_every_charset_with_every_delimiter(charset: str, delimiter: str) -> None:
    found = read(text(ROWS, delimiter).encode(charset))
    assert found.rows == ROWS
    assert found.delimiter == delimiter


def test_cp1250_is_told_from_cp1252_by_the_names_of_the_school() -> None:
    rows = [["1", "Dvořák", "Jiří"], ["2", "Němcová", "Božena"]]
    content = text(rows, ";").encode("cp1250")
    known = lambda: accented_words("Dvořák Jiří Němcová Božena")  # noqa: E731
    assert read_table(content, options={}, known_words=known).rows == rows
    assert read_table(content, options={"charset": "cp1250"}).rows == rows
    assert read_table(content, options={}).charset == "cp1252"


def test_a_charset_that_is_not_the_files_is_refused() -> None:
    with pytest.raises(ImportRefused) as refused:
        read("Größl;1\n".encode("cp1252"), charset="utf-8")
    assert refused.value.code == "wrong_charset"


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_blank_lines_trailing_tabs_and_the_end_of_file_mark(ending: str) -> None:
    found = read((text(ROWS, "\t", ending) + ending + "\t\t\t" + ending + "\x1a").encode())
    assert found.rows == ROWS
    assert read(text([[*row, "", ""] for row in ROWS], "\t", ending).encode()).rows == ROWS


@pytest.mark.parametrize("delimiter", ["\t", ","])
def test_a_lone_quote_swallows_no_row(delimiter: str) -> None:
    rows = [["1", '"Bo', "x"], ["2", "Al", "y"], ["3", 'Cy"', "z"], ["4", "Di", "w"]]
    assert read(text(rows, delimiter).encode()).rows == rows


def test_quoted_cells_may_hold_delimiters_quotes_and_line_ends() -> None:
    content = b'No,Name,Class\r\n1,"King, Ada","4 ""b"""\r\n2,"Bo\r\nLee",5\r\n3,Cy,5\r\n'
    found = read(content)
    assert found.rows == [
        ["No", "Name", "Class"],
        ["1", "King, Ada", '4 "b"'],
        ["2", "Bo\r\nLee", "5"],
        ["3", "Cy", "5"],
    ]
    assert found.lines == [1, 2, 3, 5]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_table"),
        (b"\r\n \r\n", "empty_table"),
        (b"one word", "not_a_table"),
        (b"%PDF-1.7 a;b\n", "not_a_table"),
        (b"<html><table><tr><td>1</td></tr></table>", "not_a_table"),
        (b"\xff\xd8\xff\xe0" + bytes(range(256)) * 8, "not_a_table"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old_excel"),
        (b"PK\x03\x04 and nothing else", "broken_spreadsheet"),
        (b"1;2\n" * 50_002, "too_many_rows"),
        (b";" * 300 + b"x\n", "not_a_table"),
    ],
)
def test_what_is_no_list_is_refused_in_a_sentence(content: bytes, code: str) -> None:
    with pytest.raises(ImportRefused) as refused:
        read(content)
    assert refused.value.code == code
    assert str(refused.value) == str(table.TABLE_SENTENCES[code]) % {"limit": 50_000}


def test_a_cell_is_cut_and_said_to_be() -> None:
    found = read(b"1;" + b"x" * 600 + b"\n2;y\n")
    assert len(found.rows[0][1]) == 512
    assert found.damaged == {(0, 1): Damage.TOO_LONG}


def workbook(rows: list[list[Any]], formats: dict[tuple[int, int], str] | None = None) -> bytes:
    made: Any = Workbook()
    for row in rows:
        made.active.append(row)
    for (row, column), number_format in (formats or {}).items():
        made.active.cell(row, column).number_format = number_format
    kept = io.BytesIO()
    made.save(kept)
    return kept.getvalue()


@pytest.mark.parametrize(
    ("value", "number_format", "shown", "damage"),
    [
        (123, "00000", "00123", None),
        (123, "General", "123", None),
        ("00123", "@", "00123", None),
        (4711.0, "0.0", "4711", None),
        (123, '"S-"0000', "S-0123", None),
        (12345, "000\\-00", "123-45", None),
        (1234567, "000\\-00", "12345-67", None),
        (123, "#,##0", "123", None),
        ("1E5", "@", "1E5", None),
        (1e5, "0.00E+00", "100000", None),
        (202600012345678901.0, "General", "202600012345678912", Damage.DIGITS),
        (datetime.date(2026, 4, 3), "d-mmm", "2026-04-03", Damage.DATE),
        ("#REF!", "General", "#REF!", Damage.ERROR),
        (True, "General", "True", None),
        (1.5, "General", "1.5", None),
    ],
)
def test_cells_of_a_workbook(value: object, number_format: str, shown: str, damage: Damage | None) -> None:
    found = read(workbook([["Number", "Name"], [value, "Ada"]], {(2, 1): number_format}))
    assert found.rows[1] == [shown, "Ada"]
    assert found.damaged.get((1, 0)) == damage


def test_a_formula_counts_by_its_last_value() -> None:
    assert read(workbook([["Number", "Name"], ["=1+1", "Ada"]])).rows[1] == ["", "Ada"]


def test_a_sheet_is_chosen_by_name_else_the_first_visible_one_with_rows() -> None:
    made: Any = Workbook()
    made.create_sheet("Hidden").append(["secret"])
    made["Hidden"].sheet_state = "hidden"
    made.create_sheet("Class 4b").append(["1", "Ada"])
    made.create_sheet("Class 4c").append(["2", "Bea"])
    kept = io.BytesIO()
    made.save(kept)
    found = read(kept.getvalue())
    assert (found.sheet, found.rows) == ("Class 4b", [["1", "Ada"]])
    assert found.sheets == ["Sheet", "Class 4b", "Class 4c"]
    assert read(kept.getvalue(), sheet="Class 4c").rows == [["2", "Bea"]]
    with pytest.raises(ImportRefused):
        read(kept.getvalue(), sheet="Hidden")


def test_a_workbook_that_would_unpack_to_gigabytes_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheets, "MAX_UNPACKED_BYTES", 1_000_000)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", bytes(1_000_001))
    with pytest.raises(ImportRefused) as refused:
        read(bomb.getvalue())
    assert refused.value.code == "broken_spreadsheet"


@pytest.mark.parametrize("name", ["sharedStrings.xml", "styles.xml"])
def test_a_workbook_whose_texts_or_styles_are_huge_is_refused(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheets, "MAX_HELD_BYTES", 1_000)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"xl/{name}", bytes(1_001))
    with pytest.raises(ImportRefused) as refused:
        read(bomb.getvalue())
    assert refused.value.code == "too_large_spreadsheet"


def test_a_format_that_excel_would_not_keep_says_nothing() -> None:
    assert spreadsheets.shown_as(7, "0" * 255)[0] == "7".zfill(255)
    assert spreadsheets.shown_as(7, "0" * 256)[0] == "7"


def test_another_zip_is_no_list() -> None:
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    with pytest.raises(ImportRefused) as refused:
        read(other.getvalue())
    assert refused.value.code == "not_a_table"
