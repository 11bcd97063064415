"""What the tests of imports of students do over and over: an office, lists, what becomes of their rows."""

from __future__ import annotations

import io
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from photostore.models import Operation
from students.models import Import, ImportRow, Student
from testing.jobs import run_jobs
from testing.people import client_of, make_person

ROSTER = "/api/student-imports/"
HEADING = "Number;Last;First;Class"
OFFICE = (
    *("view_student", "add_student", "change_student", "delete_student"),
    *("view_import", "add_import", "change_import", "view_operation", "change_operation"),
)
FIELDS = (
    *("id", "student_id", "student_number", "name", "first_name", "last_name", "class_name", "grade"),
    *("status", "left_on"),
)


def office(name: str = "olga") -> Any:
    """A client of somebody who may import."""
    return client_of(make_person(name, *OFFICE, is_staff=True))


def pupil(number: str | None, first: str, last: str, class_name: str = "4b", **fields: Any) -> Student:
    """A student, as an earlier import would have made them."""
    return Student.objects.create(
        student_number=number,
        name=f"{first} {last}",
        first_name=first,
        last_name=last,
        class_name=class_name,
        **fields,
    )


def listed(*lines: str, heading: str = HEADING) -> bytes:
    """A CSV of Excel in French, German and many other languages."""
    return "\r\n".join(filter(None, [heading, *lines])).encode()


def workbook(rows: list[list[Any]], formats: dict[tuple[int, int], str] | None = None) -> bytes:
    """A workbook; number formats by (row, column), from 1."""
    made: Any = Workbook()
    for row in rows:
        made.active.append(row)
    for (row, column), number_format in (formats or {}).items():
        made.active.cell(row, column).number_format = number_format
    kept = io.BytesIO()
    made.save(kept)
    return kept.getvalue()


def hand_in_list(client: Any, content: bytes, *, name: str = "students.csv", **form: Any) -> dict[str, Any]:
    """The import that it becomes, read."""
    file = SimpleUploadedFile(name, content)
    answer = client.post(ROSTER, {"file": file, **form}, format="multipart")
    assert answer.status_code == 201, answer.content
    begun: dict[str, Any] = answer.json()
    run_jobs()
    found: dict[str, Any] = client.get(f"{ROSTER}{begun['id']}/").json()
    return found


def rows_of(client: Any, begun: dict[str, Any], state: str = "") -> list[dict[str, Any]]:
    """Its rows, as REST shows them."""
    query = {"state": state} if state else {}
    answer = client.get(f"{ROSTER}{begun['id']}/rows/", query)
    assert answer.status_code == 200, answer.content
    rows: list[dict[str, Any]] = answer.json()["results"]
    return rows


def change(client: Any, begun: dict[str, Any], n: int, **said: Any) -> Any:
    """The answer to a word on one row."""
    return client.patch(f"{ROSTER}{begun['id']}/rows/{n}/", said)


def commit(client: Any, begun: dict[str, Any], **said: Any) -> Any:
    """The answer to "commit"; the job is done."""
    answer = client.post(f"{ROSTER}{begun['id']}/commit/", said)
    run_jobs()
    return answer


def read_again(client: Any, begun: dict[str, Any], **options: Any) -> dict[str, Any]:
    """The import, read with other choices."""
    answer = client.patch(f"{ROSTER}{begun['id']}/", {"options": options})
    assert answer.status_code == 200, answer.content
    run_jobs()
    found: dict[str, Any] = client.get(f"{ROSTER}{begun['id']}/").json()
    return found


def committed(client: Any, content: bytes, **said: Any) -> dict[str, Any]:
    """A list that is handed in and committed, as it is afterwards."""
    begun = hand_in_list(client, content)
    assert commit(client, begun, **said).status_code == 202
    found: dict[str, Any] = client.get(f"{ROSTER}{begun['id']}/").json()
    assert found["state"] == "committed", found
    return found


def school() -> list[dict[str, Any]]:
    """Every student, by what an import may change."""
    return list(Student.objects.order_by("pk").values(*FIELDS))


def by_number() -> dict[str | None, tuple[str, str, str]]:
    """Name, class and status of each."""
    rows = Student.objects.values_list("student_number", "name", "class_name", "status")
    return {number: rest for number, *rest in rows}  # type: ignore[misc]


def operation_of(begun: dict[str, Any]) -> Operation:
    return Operation.objects.get(pk=begun["operation"])


def row_objects(begun: dict[str, Any]) -> list[ImportRow]:
    return list(Import.objects.get(pk=begun["id"]).rows.order_by("n"))
