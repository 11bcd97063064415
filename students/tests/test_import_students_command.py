"""`manage.py import_students`: a preview unless --commit, one operation, undone by undo_photo_operation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from students.models import Import, Student
from students.tests.commands import run
from students.tests.rosters import by_number, listed, pupil, school

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    pupil("1", "Ada", "Lovelace", "4a")
    pupil("9", "Zoe", "Missing")
    path = tmp_path / "students.csv"
    path.write_bytes(listed("1;Lovelace;Ada;4b", "2;New;Gus;4b", "3;;;"))
    return path


def test_without_commit_it_only_says_what_it_would_do(roster: Path) -> None:
    before = school()
    code, out, _err = run("import_students", roster)
    assert code == 0
    assert "1 new" in out
    assert "line 4: cannot be read: 3. The row has no name." in out
    assert "not in the list: 9 Zoe Missing." in out
    assert "Nothing was changed. Do it with --commit." in out
    assert school() == before
    assert not Import.objects.exclude(state="discarded").exists()


def test_with_commit_it_is_one_operation_that_is_undone(roster: Path) -> None:
    before = school()
    code, out, _err = run("import_students", roster, "--commit")
    assert code == 0
    assert "2 students were added or changed." in out
    assert by_number()["2"] == ["Gus New", "4b", "active"]
    operation = Import.objects.get().operation
    assert f"manage.py undo_photo_operation {operation}" in out
    assert run("undo_photo_operation", "--last")[0] == 0
    assert school() == before


def test_for_machines(roster: Path) -> None:
    code, out, _err = run("import_students", roster, "--commit", "--json")
    said: dict[str, Any] = json.loads(out)
    assert (code, said["exit_code"], said["done"], said["stayed"]) == (0, 0, 2, 0)
    assert said["counts"] == {"bad_row": 1, "changed": 1, "missing": 1, "new": 1}
    assert [row["state"] for row in said["for_a_person"]] == ["bad_row", "missing"]
    assert said["columns"] == ["student_number", "last_name", "first_name", "class_name"]


def test_those_who_are_missing_leave_when_it_is_said_and_their_number_typed(roster: Path) -> None:
    code, _out, err = run("import_students", roster, "--commit", "--leave")
    assert (code, "1 student as left" in err) == (2, True)
    assert by_number()["9"][2] == "active"
    assert run("import_students", roster, "--commit", "--leave", "--confirm-left", "1")[0] == 0
    assert by_number()["9"][2] == "left"


@pytest.mark.parametrize(
    ("content", "arguments", "sentence"),
    [
        (b"no list", [], "This file is not a list that can be read."),
        (listed("1E+05;Lovelace;Ada;4b"), [], "has lost its last digits"),
        (None, [], "cannot be read: No such file or directory."),
        (listed("1;Lovelace;Ada;4b"), ["--columns", "number,name"], "'number' is none of student_number, "),
        (
            listed("1;Lovelace;Ada;4b"),
            ["--columns", ",,,grade"],
            "No column was recognised as the students' names.",
        ),
    ],
)
def test_what_it_refuses_changes_nothing(
    tmp_path: Path, content: bytes | None, arguments: list[str], sentence: str
) -> None:
    path = tmp_path / "students.csv"
    if content is not None:
        path.write_bytes(content)
    code, _out, err = run("import_students", path, "--commit", *arguments)
    assert (code, sentence in err) == (2, True), err
    assert not Student.objects.exists()


def test_columns_are_chosen(tmp_path: Path) -> None:
    path = tmp_path / "students.csv"
    path.write_bytes(listed("1;Ada;x;Lovelace", "2;Bea;x;Good", heading=""))
    columns = "student_number,first_name,,last_name"
    assert run("import_students", path, "--commit", "--columns", columns)[0] == 0
    assert [one.name for one in Student.objects.order_by("pk")] == ["Ada Lovelace", "Bea Good"]


def test_its_operation_is_listed_and_shown(roster: Path) -> None:
    run("import_students", roster, "--commit")
    operation = str(Import.objects.get().operation)
    assert operation in run("list_photo_operations")[1]
    code, out, _err = run("show_photo_operation", operation)
    assert (code, "change student: Ada Lovelace (4b): stands" in out) == (0, True), out
    assert "before: class_name: 4a" in out and "after:  class_name: 4b" in out
