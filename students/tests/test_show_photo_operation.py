"""`show_photo_operation`: by name and class, before and after, and what stands."""

from __future__ import annotations

import json
from typing import Any

import pytest

from photostore.models import Operation
from photostore.storage import storage_for
from students.models import Student
from students.tests.commands import run
from students.tests.school import enrol, face, hand_in


@pytest.fixture
def given(api: Any, each_storage: str) -> tuple[Student, str]:
    """Ada has a photo, and was given another; the operation's id."""
    made = enrol(api, "Ada Lovelace", photo=face(1), class_name="3b")
    storage_for().put("student_photos/ada.jpg", face(2), content_type="image/jpeg")
    code, _out, err = run("match_profile_photos", "assign", str(made["id"]), "student_photos/ada.jpg")
    assert code == 0, err
    return Student.objects.get(pk=made["id"]), str(Operation.objects.latest("started_at").pk)


def shown(operation: str) -> tuple[str, list[dict[str, Any]]]:
    code, out, err = run("show_photo_operation", operation)
    assert code == 0, err
    code, answer, _err = run("show_photo_operation", operation, "--json")
    assert code == 0
    return out, json.loads(answer)["steps"]


@pytest.mark.django_db(transaction=True)
def test_it_says_who_got_what_and_whether_it_stands(api: Any, given: tuple[Student, str]) -> None:
    ada, operation = given
    out, steps = shown(operation)
    assert "change photo: Ada Lovelace (3b): stands; it is today's photo" in out
    (step,) = [one for one in steps if one["kind"] == "change_photo"]
    assert (step["name"], step["class_name"]) == ("Ada Lovelace", "3b")
    assert step["after"] == f"photos/students/{ada.student_id}/history/{ada.photo_sha256}.jpg"
    assert step["before"] not in {"", step["after"]}
    assert f"before: {step['before']}\n" in out
    for file_ref in (step["before"], step["after"]):
        assert storage_for().stat(file_ref)
    assert hand_in(api, ada.pk, face(3)).status_code == 200
    assert "change photo: Ada Lovelace (3b): stands; it is a former photo" in shown(operation)[0]


@pytest.mark.django_db(transaction=True)
def test_what_was_taken_back_and_the_undo_itself_are_shown(given: tuple[Student, str]) -> None:
    _ada, operation = given
    assert run("undo_photo_operation", operation)[0] == 0
    out, _steps = shown(operation)
    assert "change photo: Ada Lovelace (3b): undone" in out
    undo = Operation.objects.exclude(undoes=None).get()
    out, _steps = shown(str(undo.pk))
    assert out.startswith(f"undo_photo_operation of {operation} by ")
    assert "revert step: Ada Lovelace (3b): stands" in out


@pytest.mark.django_db(transaction=True)
def test_who_is_not_here_any_more_has_no_name(given: tuple[Student, str]) -> None:
    ada, operation = given
    ada.delete()
    out, _steps = shown(operation)
    assert "Ada" not in out
    assert f"change photo: student {ada.student_id}: stands; the student is not here any more" in out


@pytest.mark.parametrize("text", ["", "x", "17", "00000000-0000-4000-8000-000000000000"])
def test_no_operation(db: None, text: str) -> None:
    code, out, err = run("show_photo_operation", text)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "list_photo_operations" in err


def test_an_operation_of_no_step(db: None) -> None:
    operation = Operation.objects.create(command="migrate_orphaned_photos")
    out, steps = shown(str(operation.pk))
    at = f"{operation.started_at:%Y-%m-%d %H:%M}"
    assert out == f"migrate_orphaned_photos by unknown, {at}: running\nNo step was done.\n"
    assert steps == []
