"""`GET /api/students/`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from students.models import Student
from students.tests.school import enrol, face, hand_in
from testing.people import client_of

OF_SIGNING_IN = ("knox_", "auth_", "users_user")


@pytest.fixture
def hundred(db: None) -> list[Student]:
    return Student.objects.bulk_create([Student(name=f"Pupil {number:03}") for number in range(100)])


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [row["name"] for row in answer.json()["results"]]


def search(api: Any, typed: str) -> list[str]:
    return names(api.get("/api/students/", {"search": typed}))


def test_a_school_without_students_is_an_empty_page(api: Any) -> None:
    assert api.get("/api/students/").json() == {"next": None, "previous": None, "results": []}


def test_a_row_has_every_field_of_the_contract(api: Any) -> None:
    made = enrol(api, "Ada Lovelace", student_number="S-1815", class_name="4b", grade="4", photo=face(1))
    (row,) = api.get("/api/students/").json()["results"]
    assert row == made
    assert set(row) == {
        *("id", "student_id", "student_number", "name", "first_name", "last_name", "grade", "class_name"),
        *("status", "left_on", "profile_photo", "profile_photo_url", "photo", "thumbnails"),
        *("photo_updated_at", "created_at", "updated_at", "links_expire_at"),
    }
    lasts = datetime.fromisoformat(row["links_expire_at"]) - datetime.now(UTC)
    assert timedelta(minutes=5) <= lasts <= timedelta(minutes=10)
    assert row["profile_photo"] == f"student_photos/student_{row['id']}_profile.jpg"
    assert row["photo"] == f"/api/photos/students/{row['student_id']}/profile.jpg"
    assert set(row["thumbnails"]) == {"96", "256", "640"}


def test_a_student_without_a_photo_has_nulls(api: Any) -> None:
    enrol(api)
    (row,) = api.get("/api/students/").json()["results"]
    of_a_photo = ("profile_photo", "profile_photo_url", "photo", "thumbnails", "links_expire_at")
    assert [row[name] for name in of_a_photo] == [None] * 5


def test_who_changed_since(api: Any) -> None:
    ada, bea = enrol(api, "Ada"), enrol(api, "Bea")
    moment = bea["updated_at"]
    assert names(api.get("/api/students/", {"updated_since": moment})) == ["Bea"]
    hand_in(api, ada["id"], face(1))
    assert names(api.get("/api/students/", {"updated_since": moment})) == ["Ada", "Bea"]
    assert api.get("/api/students/?updated_since=yesterday").status_code == 400


def test_following_next_gives_everybody_once_and_previous_leads_back(
    api: Any, hundred: list[Student]
) -> None:
    url, seen, pages = "/api/students/?page_size=30", [], 0
    while url:
        page = api.get(url)
        seen += names(page)
        pages += 1
        last, url = page.json(), page.json()["next"]
    assert seen == [student.name for student in hundred]
    assert pages == 4
    assert names(api.get(last["previous"])) == [f"Pupil {number:03}" for number in range(60, 90)]


def test_next_is_absolute_and_keeps_the_filters(api: Any, hundred: list[Student]) -> None:
    Student.objects.filter(name__gte="Pupil 050").update(grade="7")
    link = api.get("/api/students/?page_size=20&grade=7").json()["next"]
    assert urlsplit(link).scheme == "http"
    assert names(api.get(link))[0] == "Pupil 070"


def test_next_and_previous_begin_with_the_public_address(
    api: Any, hundred: list[Student], settings: Any
) -> None:
    settings.PUBLIC_BASE_URL = "https://photos.example.org"
    first = api.get("/api/students/?page_size=20").json()
    second = api.get(first["next"]).json()
    for link in (first["next"], second["previous"]):
        assert link.startswith("https://photos.example.org/api/students/?")
    assert names(api.get(first["next"]))[0] == "Pupil 020"


def test_a_student_who_leaves_while_somebody_pages_makes_nobody_skipped(
    api: Any, hundred: list[Student]
) -> None:
    first = api.get("/api/students/?page_size=10").json()
    hundred[3].delete()
    assert names(api.get(first["next"]))[0] == "Pupil 010"


@pytest.mark.parametrize(
    ("asked", "given"),
    [("1", 1), ("200", 120)],
)
def test_page_size_has_bounds(api: Any, hundred: list[Student], asked: str, given: int) -> None:
    Student.objects.bulk_create([Student(name=f"Late {number}") for number in range(20)])
    assert len(names(api.get("/api/students/", {"page_size": asked}))) == given


@pytest.mark.parametrize("asked", ["201", "9" * 30, "0", "-5", "x", "", "²", "1.0"])
def test_what_is_no_size_of_a_page_is_a_400(api: Any, asked: str) -> None:
    answer = api.get("/api/students/", {"page_size": asked})
    assert answer.status_code == 400
    assert answer.json()["errors"] == {"page_size": ["The page size must be between 1 and 200."]}


def test_the_count_stands_there_where_it_is_asked_for(api: Any, hundred: list[Student]) -> None:
    assert "count" not in api.get("/api/students/?page_size=7").json()
    narrowed = api.get("/api/students/?page_size=7&count=true&has_photo=false").json()
    assert narrowed["count"] == 100
    assert api.get(narrowed["next"]).json()["count"] == 100
    assert api.get("/api/students/?count=perhaps").status_code == 400


@pytest.mark.parametrize("rows", [1, 100])
def test_a_page_costs_one_query_besides_signing_in(api: Any, hundred: list[Student], rows: int) -> None:
    Student.objects.update(profile_photo="student_photos/student_1_profile.jpg", photo_sha256="a" * 64)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert len(names(api.get("/api/students/", {"page_size": rows}))) == rows
    about_students = [one["sql"] for one in asked if not any(name in one["sql"] for name in OF_SIGNING_IN)]
    assert len(about_students) == 1, about_students


def test_a_page_of_one_costs_as_many_queries_as_a_page_of_a_hundred(
    api: Any, hundred: list[Student], django_assert_num_queries: Any
) -> None:
    with CaptureQueriesContext(connection) as for_one:
        api.get("/api/students/?page_size=1")
    with django_assert_num_queries(len(for_one)):
        api.get("/api/students/?page_size=100")


# --- filters ----------------------------------------------------------------------------------------


def test_has_photo_tells_those_with_from_those_without(api: Any) -> None:
    enrol(api, "With", photo=face(1))
    enrol(api, "Without")
    for yes in ("true", "1", "True"):
        assert names(api.get("/api/students/", {"has_photo": yes})) == ["With"]
    for no in ("false", "0"):
        assert names(api.get("/api/students/", {"has_photo": no})) == ["Without"]


def test_class_grade_and_status_narrow_together(api: Any) -> None:
    enrol(api, "Here", class_name="4b", grade="4")
    enrol(api, "Gone", class_name="4b", grade="4", status="left", left_on="2026-01-31")
    enrol(api, "Older", class_name="5b", grade="5")
    assert names(api.get("/api/students/?class_name=4b")) == ["Here", "Gone"]
    assert names(api.get("/api/students/?grade=5")) == ["Older"]
    assert names(api.get("/api/students/?class_name=4b&status=left")) == ["Gone"]
    assert names(api.get("/api/students/?class_name=4")) == []


# --- search -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "zoé",
        "ZOE",
        "Zoë",
        "zo",
        "mull",
        "Müller",
        "müller zoé",
        "zoe  mul",
        "S-1815",
        "s 18",
        "1815",
        "zoe-m",
    ],
)
def test_search_finds_by_the_beginnings_of_words_without_case_and_accents(api: Any, typed: str) -> None:
    enrol(api, "Zoé Müller", student_number="S-1815")
    enrol(api, "Bruno Blank", student_number="T-1900")
    assert search(api, typed) == ["Zoé Müller"]


@pytest.mark.parametrize("typed", ["oé", "ller", "815", "zoe blank", "Zoexyz"])
def test_search_finds_nobody_by_the_middle_of_a_word_or_by_one_wrong_word(api: Any, typed: str) -> None:
    enrol(api, "Zoé Müller", student_number="S-1815")
    enrol(api, "Bruno Blank")
    assert search(api, typed) == []


def test_search_reads_other_scripts_and_compatibility_forms(api: Any) -> None:
    enrol(api, "Мария Ќосева")
    enrol(api, "李小龍")
    enrol(api, "Ｗｉｄｅ Person")
    assert search(api, "мар") == ["Мария Ќосева"]
    assert search(api, "李小") == ["李小龍"]
    assert search(api, "wide") == ["Ｗｉｄｅ Person"]


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        *(("Łukasz Wójcik", "Lukasz wojcik"), ("Øystein Bø", "oystein bo"), ("Đorđe Đurić", "Dorde duric")),
        *(
            ("Anna Strauß", "STRAUSS"),
            ("Işıl Yıldız", "isil yildiz"),
            ("İpek", "ipek"),
            ("Æsa Þór", "aesa thor"),
        ),
        *(("Łukasz", "łuk"), ("Anna Strauß", "strauß"), ("Œuvre", "œuv")),
    ],
)
def test_search_folds_letters_that_do_not_decompose(api: Any, name: str, typed: str) -> None:
    enrol(api, name)
    enrol(api, "Somebody Else")
    assert search(api, typed) == [name]


def test_search_finds_a_number_without_its_zeros_and_a_class(api: Any) -> None:
    enrol(api, "Ada", student_number="000123", class_name="8A")
    enrol(api, "Bea", student_number="999", class_name="8-B")
    assert (
        search(api, "123") == search(api, "000123") == search(api, "8A") == search(api, "8a ada") == ["Ada"]
    )
    assert search(api, "8b") == ["Bea"]


def test_two_numbers_that_differ_in_case_alone_are_one(api: Any) -> None:
    enrol(api, "Ada", student_number="s-17")
    refused = api.post("/api/students/", {"name": "Bea", "student_number": "S-17"})
    assert (refused.status_code, "Another student has this number." in str(refused.json())) == (400, True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Student.objects.create(name="Bea", student_number="S-17")


def test_search_and_a_filter_narrow_together(api: Any) -> None:
    enrol(api, "Ada One", class_name="4a")
    enrol(api, "Ada Two", class_name="4b")
    assert names(api.get("/api/students/?search=ada&class_name=4b")) == ["Ada Two"]


HOSTILE = [
    *("'", '"', "' OR 1=1 --", "a:*", "a & | !b", "!!", "<->", "\\", "%", "_", ":*", "(", "a'b", "*:*"),
    *("\u202e", "\ud7ff", "😀", "x" * 200, "a " * 99, "ª", "İ", "ß", "\u0345", "٣", "²", "a\tb", "a\nb"),
]


@pytest.mark.parametrize("typed", HOSTILE)
def test_no_search_is_an_error_and_none_finds_those_it_does_not_name(api: Any, typed: str) -> None:
    enrol(api, "Ada Lovelace")
    answer = api.get("/api/students/", {"search": typed})
    assert answer.status_code == 200, answer.content
    assert names(answer) == (
        ["Ada Lovelace"] if typed in {"a:*"} or typed == "a " * 99 or typed == "ª" else []
    )


@pytest.mark.parametrize("field", ["search", "class_name", "grade"])
def test_nul_in_a_filter_is_a_400_with_a_sentence(api: Any, field: str) -> None:
    answer = api.get("/api/students/", {field: "a\0b"})
    assert answer.status_code == 400
    assert answer.json()["errors"] == {field: ["Null characters are not allowed."]}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("search", "x" * 201), ("status", "dead"), ("has_photo", "perhaps")),
        *(("class_name", "x" * 65), ("grade", "x" * 33)),
    ],
)
def test_a_wrong_filter_is_a_400_that_names_it(api: Any, field: str, value: str) -> None:
    answer = api.get("/api/students/", {field: value})
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]


@pytest.mark.parametrize(
    "cursor", ["x", "\0", "cD1hYmM=", "cD05OTk5OTk5OTk5OTk5OTk5OTk5OTk=", "é", "=" * 500, "cD0="]
)
def test_a_made_up_cursor_is_a_404_or_an_empty_page_never_an_error_of_ours(api: Any, cursor: str) -> None:
    enrol(api)
    assert api.get("/api/students/", {"cursor": cursor}).status_code in {200, 404}


def test_without_a_slash_it_is_the_same_list(api: Any) -> None:
    enrol(api)
    assert names(api.get("/api/students")) == ["Ada Lovelace"]


def test_nobody_gets_no_list(db: None) -> None:
    assert client_of().get("/api/students/").status_code == 401
