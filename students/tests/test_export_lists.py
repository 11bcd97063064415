"""The list of students as CSV and as a workbook, and that an import of it changes nothing."""

from __future__ import annotations

import datetime
import io
from typing import Any

import openpyxl
import pytest

from photostore.models import AuditEntry
from students.tests.rosters import FIELDS, hand_in_list, office, pupil

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client(db: None) -> Any:
    pupil("00123", "Zoë", "Muñoz", grade="4")
    pupil("-7", "=HYPERLINK(1)", "@Home")
    pupil(None, "Bea", "'Good", "4a", status="left", left_on=datetime.date(2026, 7, 3))
    return office()


def bytes_of(client: Any, extension: str, **query: str) -> bytes:
    answer = client.get(f"/api/students/export.{extension}", query)
    assert answer.status_code == 200
    assert answer["Content-Disposition"] == f'attachment; filename="students.{extension}"'
    return b"".join(answer.streaming_content)


def test_csv_has_the_mark_of_utf_8_and_no_formulas(client: Any) -> None:
    content = bytes_of(client, "csv")
    assert content.startswith(b"\xef\xbb\xbfstudent_number,name,last_name")
    lines = content.decode("utf-8-sig").splitlines()
    assert lines[1] == ",Bea 'Good,'Good,Bea,4a,,left,2026-07-03"
    assert lines[2] == "'-7,'=HYPERLINK(1) @Home,'@Home,'=HYPERLINK(1),4b,,active,"
    assert lines[3] == "00123,Zoë Muñoz,Muñoz,Zoë,4b,4,active,"
    assert AuditEntry.objects.get(action="student.export_list").actor_name == "olga"


def test_french_spreadsheets_expect_semicolons(client: Any) -> None:
    client.credentials(**client._credentials, HTTP_ACCEPT_LANGUAGE="fr")
    assert bytes_of(client, "csv").decode("utf-8-sig").startswith("student_number;name;")


def test_the_cells_of_a_workbook_are_texts(client: Any) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(bytes_of(client, "xlsx"))).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[3][:2] == ["00123", "Zoë Muñoz"]
    assert rows[2][3] == "=HYPERLINK(1)"
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value} == {"s"}


@pytest.mark.parametrize("extension", ["csv", "xlsx"])
def test_what_was_exported_is_imported_without_a_change(client: Any, extension: str) -> None:
    begun = hand_in_list(client, bytes_of(client, extension), name=f"students.{extension}")
    assert begun["counts"] == {"unchanged": 3}
    assert set(begun["found"]["columns"]) == set(FIELDS) - {"id", "student_id"}


def test_the_filters_are_those_of_the_list(client: Any) -> None:
    assert len(bytes_of(client, "csv", class_name="4b").splitlines()) == 3
    assert client.get("/api/students/export.csv", {"colour": "red"}).status_code == 400
