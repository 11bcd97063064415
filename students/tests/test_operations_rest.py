"""`/api/operations/`: listed, and an import undone over REST."""

from __future__ import annotations

from typing import Any

import pytest

from photostore.commands import ONE_AT_A_TIME
from photostore.models import AuditEntry
from photostore.operations import undo as undoing
from students.models import Student
from students.tests.commands import OPERATOR
from students.tests.rosters import OFFICE, committed, listed, office, operation_of, pupil, school
from testing.people import client_of, make_person

pytestmark = pytest.mark.django_db(transaction=True)


def undo(client: Any, done: dict[str, Any]) -> Any:
    return client.post(f"/api/operations/{done['operation']}/undo/")


def test_an_import_is_listed_and_undone() -> None:
    client = office()
    ada = pupil("1", "Ada", "Lovelace", "4a")
    before = school()
    done = committed(client, listed("1;Lovelace;Ada;4b", "2;New;Gus;4b"))
    (shown,) = client.get("/api/operations/").json()["results"]
    assert shown["id"] == done["operation"]
    assert (shown["command"], shown["state"], shown["actor_name"]) == ("import_students", "done", "olga")
    assert (shown["steps"], shown["is_undoable"]) == ({"done": 2, "undone": 0, "skipped": 0}, True)
    Student.objects.filter(pk=ada.pk).update(class_name="4x")
    answer = undo(client, done)
    assert answer.status_code == 200, answer.content
    said = answer.json()
    assert (said["reverted"], said["skipped"]) == (1, 1)
    assert said["left"] == [{"subject": f"student {ada.student_id}", "why": "The student was changed since."}]
    Student.objects.filter(pk=ada.pk).update(class_name="4b")
    assert undo(client, done).json()["reverted"] == 1
    assert school() == before
    assert (undo(client, done).status_code, undo(client, done).json()["code"]) == (409, "undone_already")
    assert AuditEntry.objects.filter(action="operation.undo", actor_name="olga").count() == 2
    assert [one["undoes"] for one in client.get("/api/operations/").json()["results"]][-1] is None


def test_an_undo_needs_the_permissions_of_what_was_done() -> None:
    done = committed(office(), listed("1;Lovelace;Ada;4b"))
    for lacking, status in (("change_operation", 403), ("change_student", 403)):
        permissions = [one for one in OFFICE if one != lacking]
        client = client_of(make_person(f"without-{lacking}", *permissions, is_staff=True))
        assert undo(client, done).status_code == status
    assert Student.objects.count() == 1


def test_while_a_command_is_running_nothing_is_undone() -> None:
    from django.db import connections

    client = office()
    done = committed(client, listed("1;Lovelace;Ada;4b"))
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [ONE_AT_A_TIME])
            answer = undo(client, done)
    finally:
        other.close()
    assert (answer.status_code, answer.json()["code"]) == (409, "in_use")
    assert undoing(operation_of(done), OPERATOR).reverted == 1
