"""Lists of students: what each row is, what a commit does, and that all of it can be undone as one."""

from __future__ import annotations

import datetime
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from photostore.audit import Actor
from photostore.models import AuditEntry, Operation, OperationStep
from photostore.operations import undo
from students.models import FormerStudentNumber, Import, ImportSource, Student
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
    read_again,
    row_objects,
    rows_of,
    school,
    workbook,
)
from testing.jobs import run_jobs

pytestmark = pytest.mark.django_db(transaction=True)
OPERATOR = Actor(id="", name="operator", channel="command")


@pytest.fixture
def client(db: None) -> Any:
    return office()


def states(client: Any, begun: dict[str, Any]) -> dict[int, tuple[str, bool]]:
    return {row["n"]: (row["state"], row["accepted"]) for row in rows_of(client, begun)}


def test_every_state_of_a_row(client: Any) -> None:
    pupil("001", "Ada", "Lovelace")
    bea = pupil("002", "Bea", "Good", "4a")
    cy = pupil("003", "Cy", "Left", status="left", left_on=datetime.date(2026, 7, 1))
    dan = pupil("004", "Dan", "Renumbered")
    pupil("005", "Eve", "Twice")
    fay = pupil("006", "Fay", "Missing")
    begun = hand_in_list(
        client,
        listed(
            "001;Lovelace;Ada;4b",
            "002;Good;Bea;4b",
            "003;Left;Cy;4b",
            "904;Renumbered;Dan;4b",
            "005;Twice;Eve;4b",
            "005;Again;Eve;4b",
            "007;New;Gus;4b",
            "008;;;4b",
        ),
    )
    assert begun["state"] == "ready"
    assert states(client, begun) == {
        2: ("unchanged", False),
        3: ("changed", True),
        4: ("returns", True),
        5: ("number_changed?", False),
        6: ("duplicate_number", False),
        7: ("duplicate_number", False),
        8: ("new", True),
        9: ("bad_row", False),
        10: ("missing", False),
    }
    assert begun["counts"] == {
        **{"bad_row": 1, "changed": 1, "duplicate_number": 2, "missing": 1, "new": 1},
        **{"number_changed?": 1, "returns": 1, "unchanged": 1},
    }
    shown = {row["n"]: row for row in rows_of(client, begun)}
    assert shown[3]["changes"] == {"class_name": ["4a", "4b"]}
    assert shown[3]["student"] == bea.pk
    assert shown[4]["changes"] == {"status": ["left", "active"], "left_on": ["2026-07-01", None]}
    assert shown[5]["changes"] == {"student_number": ["004", "904"]}
    assert (shown[5]["student"], shown[10]["student"]) == (dan.pk, fay.pk)
    assert shown[6]["findings"][0]["sentence"] == "Line 7 has the same number."
    assert shown[9]["findings"][0]["code"] == "no_name"
    assert rows_of(client, begun, "returns")[0]["student"] == cy.pk
    assert school() == school()


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
        3: ("stayed", ["The student is not here any more."]),
        4: ("stayed", ["The number is somebody else's by now."]),
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


def test_without_numbers_a_unique_name_and_class_is_a_proposal(client: Any) -> None:
    pupil("1", "Ada", "Lovelace", "4b", grade="3")
    pupil("2", "Ben", "Lee", "4b")
    pupil("3", "Ben", "Lee", "4c")
    begun = hand_in_list(
        client,
        listed(
            "Lovelace;Ada;4b;4",
            "Lee;Ben;4b;4",
            "New;Gus;4b;4",
            "Lee;Ben;5;4",
            heading="Last;First;Class;Grade",
        ),
    )
    shown = {row["n"]: (row["state"], row["accepted"]) for row in rows_of(client, begun)}
    assert shown == {
        2: ("changed", False),
        3: ("changed", False),
        4: ("new", True),
        5: ("new", False),
        6: ("missing", False),
    }
    assert [one["code"] for one in rows_of(client, begun, "new")[1]["findings"]] == [
        "namesake",
        "without_number",
    ]


def test_names_are_the_same_in_whichever_order_case_and_accents(client: Any) -> None:
    pupil("1", "José", "Muñoz")
    begun = hand_in_list(client, listed("901;MUNOZ, Jose;4b", heading="No;Name;Class"))
    assert [row["state"] for row in rows_of(client, begun)] == ["number_changed?"]


@pytest.mark.parametrize(
    ("ours", "theirs", "name", "state", "accepted"),
    [
        # Excel took the zeros away: the student keeps the number.
        ("00123", "123", "Lovelace;Ada", "unchanged", False),
        # A list that has zeros where the school has none: somebody has to say so.
        ("123", "00123", "Lovelace;Ada", "number_changed?", False),
        # It is but for zeros the number of somebody who is called quite differently.
        ("00123", "123", "Good;Bea", "new", False),
    ],
)
def test_leading_zeros(client: Any, ours: str, theirs: str, name: str, state: str, accepted: bool) -> None:
    pupil(ours, "Ada", "Lovelace")
    begun = hand_in_list(client, listed(f"{theirs};{name};4b"))
    row = rows_of(client, begun)[0]
    assert (row["state"], row["accepted"]) == (state, accepted)


def test_zeros_decide_where_both_numbers_are_somebodys(client: Any) -> None:
    pupil("0123", "Ada", "Lovelace")
    pupil("123", "Bea", "Good")
    pupil("00123", "Cy", "Third")
    begun = hand_in_list(client, listed("0123;Lovelace;Ada;4b", "123;Good;Bea;4b", "00123;Third;Cy;4b"))
    assert begun["counts"] == {"unchanged": 3}
    begun = hand_in_list(client, listed("000123;Lovelace;Ada;4x"))
    assert rows_of(client, begun)[0]["state"] == "new"


def test_a_number_that_is_somebody_elses_by_its_name_needs_a_yes(client: Any) -> None:
    """A leaver's number that was given to another child would give that child the leaver's photo."""
    pupil("1", "Ada", "Lovelace", status="left")
    pupil("2", "Bea", "Good")
    begun = hand_in_list(client, listed("1;Newman;Gus;4b", "2;Other;Zoe;4b"))
    assert states(client, begun) == {2: ("returns", False), 3: ("changed", False)}
    codes = [[one["code"] for one in row["findings"]] for row in rows_of(client, begun)]
    assert codes == [["name_differs"], ["name_differs"]]


def test_numbers_are_the_same_but_for_the_case_of_their_letters(client: Any) -> None:
    pupil("S-17", "Ada", "Lovelace")
    begun = hand_in_list(client, listed("s-17;Lovelace;Ada;4b", "S-17;Other;Zoe;4b"))
    assert begun["counts"] == {"duplicate_number": 2}


def test_an_empty_cell_says_nothing(client: Any) -> None:
    pupil("1", "Ada", "Lovelace", "4b", grade="4")
    begun = hand_in_list(client, listed("1;Lovelace;Ada;;", heading="No;Last;First;Class;Grade"))
    assert begun["counts"] == {"unchanged": 1}


def test_totals_repeated_headings_and_repeated_rows_are_no_rows(client: Any) -> None:
    content = listed("1;Lovelace;Ada;4b", "", "Number;Last;First;Class", "1;Lovelace;Ada;4b", "Total: 1;;;")
    assert hand_in_list(client, content)["counts"] == {"new": 1}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("03-Apr;Lovelace;Ada;4b", "number_is_a_date"),
        ("3. Apr;Lovelace;Ada;4b", "number_is_a_date"),
        ("1;;;", "no_name"),
        (f"{'1' * 65};Lovelace;Ada;4b", "too_long"),
        (f"1;{'x' * 600};Ada;4b", "cell_too_long"),
        (f"1;{'x' * 101};Ada;4b", "too_long"),
    ],
)
def test_a_row_that_cannot_be_read_says_why_and_the_others_go_on(client: Any, line: str, code: str) -> None:
    begun = hand_in_list(client, listed(line, "2;Good;Bea;4b"))
    assert states(client, begun) == {2: ("bad_row", False), 3: ("new", True)}
    assert code in [one["code"] for one in rows_of(client, begun, "bad_row")[0]["findings"]]
    refused = change(client, begun, 2, accepted=True)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_acceptable")


@pytest.mark.parametrize("number", ["2.02601E+17", "1E+05", "2,02601E+17"])
def test_a_list_whose_numbers_lost_their_digits_is_refused_as_a_whole(client: Any, number: str) -> None:
    begun = hand_in_list(client, listed(f"{number};Lovelace;Ada;4b", "2;Good;Bea;4b"))
    assert (begun["state"], begun["error"]["code"]) == ("failed", "digits_lost")
    assert number in begun["error"]["sentence"]
    assert begun["counts"] == {}


def test_a_workbook_with_zeros_by_format_dates_and_long_numbers(client: Any) -> None:
    pupil("00123", "Ada", "Lovelace")
    rows = [
        ["Number", "Last", "First", "Class"],
        [123, "Lovelace", "Ada", "4b"],
        [datetime.date(2026, 4, 3), "Good", "Bea", "4b"],
        ["1E5", "New", "Gus", "4b"],
    ]
    begun = hand_in_list(client, workbook(rows, {(2, 1): "00000"}), name="students.xlsx")
    assert states(client, begun) == {2: ("unchanged", False), 3: ("bad_row", False), 4: ("new", True)}
    assert rows_of(client, begun, "new")[0]["data"]["student_number"] == "1E5"
    long = workbook([rows[0], [202600012345678901.0, "Lovelace", "Ada", "4b"]])
    assert hand_in_list(client, long, name="students.xlsx")["error"]["code"] == "digits_lost"


def test_formulas_of_a_csv_are_texts(client: Any) -> None:
    committed(client, listed("1;'=1+1;'+Ada;4b"))
    assert Student.objects.get().name == "+Ada =1+1"


def test_what_is_no_list_fails_in_a_sentence_and_in_french(client: Any) -> None:
    begun = hand_in_list(client, b"\xff\xd8\xff\xe0 a photo", name="photo.jpg")
    assert (begun["state"], begun["error"]["code"]) == ("failed", "not_a_table")
    assert commit(client, begun).status_code == 409
    client.credentials(**client._credentials, HTTP_ACCEPT_LANGUAGE="fr")
    french = client.get(f"/api/student-imports/{begun['id']}/").json()["error"]["sentence"]
    assert french.startswith("Ce fichier")


def test_too_large_a_list_is_refused_by_its_size(client: Any) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile("students.csv", b"x" * (20 * 1_048_576 + 1))
    answer = client.post("/api/student-imports/", {"file": file}, format="multipart")
    assert answer.status_code == 413
    assert not Import.objects.exists()


def test_other_columns_are_chosen_and_the_list_is_read_again(client: Any) -> None:
    begun = hand_in_list(client, listed("1;Ada;Lovelace;4b", "2;Bea;Good;4b", heading=""))
    place = f"/api/student-imports/{begun['id']}/"
    # Without headings the order of labs' indexes is assumed: last name, first name.
    assert begun["found"]["columns"][:3] == ["student_number", "last_name", "first_name"]
    columns = ["student_number", "first_name", "last_name", None]
    again = read_again(client, begun, columns=columns, heading=False)
    assert (again["state"], again["found"]["columns"]) == ("ready", columns)
    assert rows_of(client, begun)[0]["data"] == {
        "student_number": "1",
        "first_name": "Ada",
        "last_name": "Lovelace",
    }
    assert client.patch(place, {"options": {"columns": ["name", "name"]}}).status_code == 400
    nameless = read_again(client, begun, columns=[None, None, None, "class_name"])
    assert (nameless["state"], nameless["error"]["code"]) == ("failed", "no_names")
    assert read_again(client, begun, columns=columns, heading=False)["state"] == "ready"


def test_options_come_with_the_list(client: Any) -> None:
    options = '{"columns": ["student_number", "first_name", "last_name"], "heading": false, "delimiter": ";"}'
    begun = hand_in_list(client, listed("1;Ada;Lovelace", heading=""), options=options)
    assert rows_of(client, begun)[0]["data"]["first_name"] == "Ada"


def test_a_charset_is_chosen_by_the_names_of_the_school(client: Any) -> None:
    pupil("1", "José", "Muñoz")
    content = listed("1;Muñoz;José;4b").decode().encode("mac_roman")
    begun = hand_in_list(client, content)
    assert begun["counts"] == {"unchanged": 1}
    assert (begun["found"]["charset"], begun["found"]["accented"]) == ("mac_roman", ["José", "Muñoz"])


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
