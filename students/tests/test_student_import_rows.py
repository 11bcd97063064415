"""What each row of a list of students is, whatever a spreadsheet did to it."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from students.models import Student
from students.tests.rosters import (
    change,
    commit,
    committed,
    hand_in_list,
    listed,
    office,
    pupil,
    read_again,
    rows_of,
    school,
    workbook,
)

pytestmark = pytest.mark.django_db(transaction=True)


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
