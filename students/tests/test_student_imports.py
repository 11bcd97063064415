"""Lists of students: what a commit does, and that all of it can be undone as one."""

from __future__ import annotations

import datetime
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from photostore.models import AuditEntry, Operation, OperationStep
from photostore.operations import undo
from students.models import FormerStudentNumber, Import, ImportSource, Student
from students.tests.commands import OPERATOR
from students.tests.rosters import (
    by_number,
    change,
    commit,
    committed,
    hand_in_list,
    listed,
    office,
    operation_of,
    pupil,
    row_objects,
    rows_of,
    school,
)
from testing.jobs import run_jobs

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client(db: None) -> Any:
    return office()


def states(client: Any, begun: dict[str, Any]) -> dict[int, tuple[str, bool]]:
    return {row["n"]: (row["state"], row["accepted"]) for row in rows_of(client, begun)}


def test_a_preview_changes_nothing_and_a_commit_what_was_accepted(client: Any) -> None:
    ada, bea = pupil("1", "Ada", "Lovelace", "4a"), pupil("2", "Bea", "Good")
    before = school()
    begun = hand_in_list(client, listed("1;Lovelace;Ada;4b", "3;New;Gus;4b"))
    assert school() == before
    assert commit(client, begun).status_code == 202
    assert by_number() == {
        "1": ["Ada Lovelace", "4b", "active"],
        "2": ["Bea Good", "4b", "active"],
        "3": ["Gus New", "4b", "active"],
    }
    assert Student.objects.get(pk=ada.pk).student_id == ada.student_id
    gus = Student.objects.get(student_number="3")
    assert (gus.first_name, gus.last_name) == ("Gus", "New")
    assert [(row.outcome, row.student_id) for row in row_objects(begun)] == [
        ("done", ada.pk),
        ("done", gus.pk),
        ("", bea.pk),
    ]
    assert not ImportSource.objects.exists()
    operation = Operation.objects.get()
    assert (operation.command, operation.state, operation.steps.count()) == ("import_students", "done", 2)
    assert (operation.actor_name, operation.channel) == ("olga", "api")
    said = AuditEntry.objects.filter(action__startswith="student.").values_list(
        "action", "subject", "actor_name"
    )
    assert sorted(said) == [
        ("student.create", f"student {gus.student_id}", "olga"),
        ("student.update", f"student {ada.student_id}", "olga"),
    ]


def test_the_same_list_again_is_all_unchanged_and_writes_nothing(client: Any) -> None:
    content = listed("1;Lovelace;Ada;4b", "2;Good;Bea;4c")
    committed(client, content)
    before, stamps = school(), list(Student.objects.values_list("updated_at", flat=True))
    again = committed(client, content)
    assert again["counts"] == {"unchanged": 2}
    assert school() == before
    assert list(Student.objects.values_list("updated_at", flat=True)) == stamps
    assert Operation.objects.count() == 1
    assert again["operation"] is None


def test_it_is_undone_as_one_but_for_what_was_changed_since(client: Any) -> None:
    ada, bea = pupil("1", "Ada", "Lovelace", "4a"), pupil("2", "Bea", "Good", "4a")
    before = school()
    done = committed(client, listed("1;Lovelace;Ada;4b", "2;Good;Bea;4b", "3;New;Gus;4b", "4;New;Hal;4b"))
    assert client.patch(f"/api/students/{ada.pk}/", {"class_name": "4z"}).status_code == 200
    gus = Student.objects.get(student_number="3")
    client.patch(f"/api/students/{gus.pk}/", {"grade": "4", "class_name": "4c"})
    undone = undo(operation_of(done), OPERATOR)
    assert (undone.reverted, undone.skipped) == (2, 2)
    assert [step.subject for step in undone.left()] == [
        f"student {gus.student_id}",
        f"student {ada.student_id}",
    ]
    assert by_number() == {
        "1": ["Ada Lovelace", "4z", "active"],
        "2": ["Bea Good", "4a", "active"],
        "3": ["Gus New", "4c", "active"],
    }
    assert operation_of(done).state == "partly"
    client.patch(f"/api/students/{ada.pk}/", {"class_name": "4b"})
    client.patch(f"/api/students/{gus.pk}/", {"grade": "", "class_name": "4b"})
    assert undo(operation_of(done), OPERATOR).reverted == 2
    assert school() == before
    assert bea.pk in [row["id"] for row in before]


def test_who_was_edited_since_stays_also_in_a_field_that_the_list_did_not_say(client: Any) -> None:
    done = committed(client, listed("3;New;Gus;4b"))
    gus = Student.objects.get()
    assert client.patch(f"/api/students/{gus.pk}/", {"grade": "4"}).status_code == 200
    assert undo(operation_of(done), OPERATOR).skipped == 1
    assert Student.objects.get().grade == "4"


def test_an_undo_is_undone_with_the_same_ids(client: Any) -> None:
    done = committed(client, listed("1;Lovelace;Ada;4b"))
    after = school()
    undone = undo(operation_of(done), OPERATOR)
    assert school() == []
    assert undone.operation is not None
    undo(undone.operation, OPERATOR)
    assert school() == after


def test_a_student_with_a_photo_is_not_removed_by_an_undo(client: Any) -> None:
    from students.tests.school import face, hand_in

    done = committed(client, listed("1;Lovelace;Ada;4b"))
    ada = Student.objects.get()
    assert hand_in(client, ada.pk, face(1)).status_code == 200
    undone = undo(operation_of(done), OPERATOR)
    assert (undone.reverted, undone.skipped) == (0, 1)
    assert Student.objects.get().photo_sha256


def test_what_changed_since_the_preview_stays_and_says_so(client: Any) -> None:
    ada = pupil("1", "Ada", "Lovelace", "4a")
    gone = pupil("2", "Bea", "Good", "4a")
    begun = hand_in_list(client, listed("1;Lovelace;Ada;4b", "2;Good;Bea;4b", "3;New;Gus;4b", "4;Old;Hal;4b"))
    Student.objects.filter(pk=ada.pk).update(class_name="4x")
    pupil("3", "Somebody", "Else")
    gone.delete()
    commit(client, begun)
    shown = {
        row["n"]: (row["outcome"], [one["sentence"] for one in row["findings"]])
        for row in rows_of(client, begun)
    }
    assert shown == {
        2: ("stayed", ["The student was changed since."]),
        3: ("stayed", ["The student no longer exists."]),
        4: ("stayed", ["The number belongs to another student by now."]),
        5: ("done", []),
    }
    assert by_number() == {
        "1": ["Ada Lovelace", "4x", "active"],
        "3": ["Somebody Else", "4b", "active"],
        "4": ["Hal Old", "4b", "active"],
    }


def test_nobody_is_marked_as_left_without_a_tick(client: Any) -> None:
    for n in range(1, 11):
        pupil(str(n), "Ada", f"Number{n}")
    begun = hand_in_list(client, listed(*(f"{n};Number{n};Ada;4b" for n in range(1, 8))))
    missing = rows_of(client, begun, "missing")
    assert [row["accepted"] for row in missing] == [False] * 3
    assert change(client, begun, missing[0]["n"], accepted=True).json()["accepted"] is True
    commit(client, begun)
    left = Student.objects.filter(status="left")
    assert [(one.student_number, one.left_on) for one in left] == [("8", datetime.date.today())]


def test_more_than_thirty_percent_leave_only_when_the_number_is_typed(client: Any) -> None:
    for n in range(1, 11):
        pupil(str(n), "Ada", f"Number{n}")
    begun = hand_in_list(client, listed(*(f"{n};Number{n};Ada;4b" for n in range(1, 7))))
    place = f"/api/student-imports/{begun['id']}/rows/"
    assert client.patch(place, {"state": "missing", "accepted": True}).json() == {"changed": 4}
    refused = commit(client, begun)
    assert (refused.status_code, refused.json()["code"], refused.json()["leaving"]) == (
        409,
        "many_would_leave",
        4,
    )
    assert commit(client, begun, confirm_left=3).status_code == 409
    assert Student.objects.filter(status="left").count() == 0
    assert Import.objects.get().state == "ready"
    assert commit(client, begun, confirm_left=4).status_code == 202
    assert Student.objects.filter(status="left").count() == 4
    # Three of ten are no more than 30 %.
    undo(Operation.objects.get(), OPERATOR)
    again = hand_in_list(client, listed(*(f"{n};Number{n};Ada;4b" for n in range(1, 8))))
    client.patch(f"/api/student-imports/{again['id']}/rows/", {"state": "missing", "accepted": True})
    assert commit(client, again).status_code == 202


def test_a_column_that_says_left_counts_as_leaving_too(client: Any) -> None:
    pupil("1", "Ada", "Lovelace")
    pupil("2", "Bea", "Good")
    begun = hand_in_list(
        client,
        listed("1;Ada Lovelace;left;2026-07-03", "2;Bea Good;active;", heading="No;Name;Status;Left on"),
    )
    assert states(client, begun)[2] == ("changed", True)
    assert commit(client, begun).json()["code"] == "many_would_leave"
    assert commit(client, begun, confirm_left=1).status_code == 202
    assert Student.objects.get(student_number="1").left_on == datetime.date(2026, 7, 3)


def test_a_number_that_changed_is_a_proposal_and_the_former_one_is_kept(client: Any) -> None:
    ada = pupil("1", "Ada", "Lovelace")
    begun = hand_in_list(client, listed("901;Lovelace;Ada;4b"))
    (row,) = rows_of(client, begun)
    assert [one["code"] for one in row["evidence"]] == ["name_and_class"]
    change(client, begun, row["n"], accepted=True)
    commit(client, begun)
    assert Student.objects.get().student_number == "901"
    assert FormerStudentNumber.objects.get().student_id == ada.pk
    undo(Operation.objects.get(), OPERATOR)
    assert Student.objects.get().student_number == "1"


def test_a_person_says_it_is_somebody_new(client: Any) -> None:
    ada = pupil("1", "Ada", "Lovelace")
    begun = hand_in_list(client, listed("901;Lovelace;Ada;4b"))
    answer = change(client, begun, 2, student=None).json()
    assert (answer["state"], answer["student"], answer["accepted"]) == ("new", None, True)
    assert [(row["state"], row["student"], row["accepted"]) for row in rows_of(client, begun)] == [
        ("new", None, True),
        ("missing", ada.pk, False),
    ]
    commit(client, begun)
    assert by_number() == {"1": ["Ada Lovelace", "4b", "active"], "901": ["Ada Lovelace", "4b", "active"]}


def test_a_person_says_whom_a_row_is_about(client: Any) -> None:
    ada, bea = pupil("1", "Ada", "Byron", "3b"), pupil("2", "Bea", "Good")
    begun = hand_in_list(client, listed("901;Lovelace;Ada;4b", "2;Good;Bea;4b"))
    assert states(client, begun) == {2: ("new", True), 3: ("unchanged", False), 4: ("missing", False)}
    taken = change(client, begun, 2, student=bea.pk)
    assert (taken.status_code, taken.json()["code"]) == (409, "same_student")
    assert change(client, begun, 2, student=4711).status_code == 404
    assert change(client, begun, 2, student=ada.pk).json()["state"] == "number_changed?"
    assert states(client, begun) == {2: ("number_changed?", True), 3: ("unchanged", False)}
    commit(client, begun)
    assert by_number() == {"901": ["Ada Lovelace", "4b", "active"], "2": ["Bea Good", "4b", "active"]}


def test_too_large_a_list_is_refused_by_its_size(client: Any) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile("students.csv", b"x" * (20 * 1_048_576 + 1))
    answer = client.post("/api/student-imports/", {"file": file}, format="multipart")
    assert answer.status_code == 413
    assert not Import.objects.exists()


def test_a_discarded_import_leaves_no_rows_and_is_not_committed(client: Any) -> None:
    begun = hand_in_list(client, listed("1;Lovelace;Ada;4b"))
    place = f"/api/student-imports/{begun['id']}/"
    assert client.post(f"{place}discard/").status_code == 204
    assert client.get(place).json()["state"] == "discarded"
    assert not row_objects(begun)
    assert not ImportSource.objects.exists()
    assert commit(client, begun).status_code == 409
    assert client.post(f"{place}discard/").status_code == 409


def test_after_fourteen_days_an_import_is_gone(client: Any) -> None:
    from django.utils import timezone

    from students.imports.lifecycle import forget_expired

    begun = hand_in_list(client, listed("1;Lovelace;Ada;4b"))
    assert forget_expired() == 0
    Import.objects.update(expires_at=timezone.now())
    assert client.get(f"/api/student-imports/{begun['id']}/").status_code == 404
    assert forget_expired() == 1
    assert not Import.objects.exists()


def test_of_two_who_commit_one_is_refused_and_nothing_is_done_twice(client: Any) -> None:
    begun = hand_in_list(client, listed("1;Lovelace;Ada;4b", ";Nobody;Zoe;4b"))
    other = hand_in_list(office("otto"), listed("1;Lovelace;Ada;4b", ";Nobody;Zoe;4b"))
    assert commit(client, begun).status_code == 202
    refused = commit(client, begun)
    assert (refused.status_code, refused.json()["code"]) == (409, "import_is_committed")
    # The same list of somebody else, looked at before.
    assert commit(client, other).status_code == 202
    assert [row["outcome"] for row in rows_of(client, other)] == ["stayed", "stayed"]
    assert Student.objects.count() == 2
    assert change(client, begun, 2, accepted=False).status_code == 409


def test_a_student_who_is_deleted_by_sql_leaves_the_rows(client: Any) -> None:
    pupil("1", "Ada", "Lovelace", "4a")
    begun = hand_in_list(client, listed("1;Lovelace;Ada;4b"))
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM students_student")
    assert rows_of(client, begun)[0]["student"] is None
    commit(client, begun)
    assert rows_of(client, begun)[0]["outcome"] == "stayed"
    assert OperationStep.objects.get().state == "skipped"


def test_of_two_who_commit_at_once_one_is_refused(client: Any) -> None:
    begun = hand_in_list(client, listed("1;Lovelace;Ada;4b", "2;Good;Bea;4b"))
    place = f"/api/student-imports/{begun['id']}/commit/"
    barrier, people = Barrier(2), [client, office("otto")]

    def press(person: Any) -> int:
        barrier.wait()
        try:
            return int(person.post(place).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(press, people)) == [202, 409]
    run_jobs()
    assert [row.outcome for row in row_objects(begun)] == ["done", "done"]
    assert Operation.objects.get().steps.count() == 2


def test_a_list_of_imports_asks_as_many_questions_for_ten_as_for_one(client: Any) -> None:
    hand_in_list(client, listed("1;Lovelace;Ada;4b"))
    with CaptureQueriesContext(connection) as one:
        assert client.get("/api/student-imports/").status_code == 200
    for n in range(9):
        hand_in_list(client, listed(f"{n + 2};Lovelace;Ada{n};4b"))
    with CaptureQueriesContext(connection) as ten:
        shown = client.get("/api/student-imports/").json()["results"]
    assert len(ten) == len(one)
    assert [sum(batch["counts"].values()) for batch in shown] == [1] * 10
