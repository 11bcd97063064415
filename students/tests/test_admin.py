"""The admin without a browser: who may do what, no transaction while bytes travel, flat queries."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection, connections
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from photostore.audit import Actor
from photostore.errors import StorageUnavailable, TooManyAttempts
from photostore.models import AuditEntry, QuarantinedFile
from photostore.storage.disk import DiskStorage
from students.enrolment import create_student
from students.models import Student, StudentPhoto
from students.photos import upload_photo
from students.tests.school import everything, face, file_of
from students.versions import take_in
from testing.once import made_once
from testing.people import make_person

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/admin/students/student/"
TEST_ACTOR = Actor("", "a test", "command")


@pytest.fixture
def staff(alice: Any) -> Client:
    return admin_of(alice)


@pytest.fixture
@made_once
def ada() -> Student:
    """With a photo today and one from before."""
    student = create_student(fields={"name": "Ada Lovelace"}, actor=TEST_ACTOR, incoming=picture(1))
    return upload_photo(student=student, incoming=picture(2), actor=TEST_ACTOR).student


def admin_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def picture(seed: int) -> Any:
    return take_in(face(seed, width=60, height=80), filename="photo.jpg", origin="import")


def typed(**fields: Any) -> dict[str, Any]:
    return {
        **{"name": "Ada Lovelace", "student_number": "", "first_name": "", "last_name": "", "grade": ""},
        **{"class_name": "", "status": "active", "left_on": "", "_continue": "1"},
        **fields,
    }


def of(student: Student, rest: str = "change/") -> str:
    return f"{LIST}{student.pk}/{rest}"


def ways_to_change(student: Student) -> list[tuple[str, dict[str, Any]]]:
    """Every POST that would change something."""
    sha256 = str(student.photos.order_by("pk")[0].sha256)
    bulk = {"_selected_action": str(student.pk), "index": "0", "confirmed": "yes"}
    return [
        (of(student), typed(name="Forged", new_photo=file_of(face(9)))),
        (f"{LIST}add/", typed(name="Forged")),
        (of(student, "delete/"), {"post": "yes"}),
        (of(student, "photo/remove/"), {}),
        (of(student, f"photo/{sha256}/restore/"), {}),
        (LIST, bulk | {"action": "remove_photos"}),
        (LIST, bulk | {"action": "mark_as_left"}),
        (LIST, bulk | {"action": "delete_selected", "post": "yes"}),
    ]


# Who may do what


def test_vera_sees_everything_and_changes_nothing(vera: Any, ada: Student) -> None:
    client = admin_of(vera)
    page = client.get(of(ada)).content.decode()
    assert "Ada Lovelace" in page
    assert "/restore/" not in page
    assert "/photo/remove/" not in page
    assert "new_photo" not in page
    assert "Ada Lovelace" in client.get(LIST).content.decode()
    before = everything()
    for path, data in ways_to_change(ada):
        answer = client.post(path, data)
        assert path == LIST or answer.status_code == 403, path  # the list is shown again, without the action
    assert everything() == before


@pytest.mark.parametrize("name", ["bob", "charlie", "anonymous"])
def test_others_see_nothing_and_change_nothing(name: str, request: Any, ada: Student) -> None:
    client = Client() if name == "anonymous" else admin_of(request.getfixturevalue(name))
    refused = {403} if name == "bob" else {302}  # to the login page
    before = everything()
    for path in (LIST, of(ada), of(ada, "delete/"), of(ada, "history/"), f"{LIST}add/"):
        answer = client.get(path)
        assert answer.status_code in refused, path
        assert b"Lovelace" not in answer.content
    for path, data in ways_to_change(ada):
        assert client.post(path, data).status_code in refused, path
    assert everything() == before


def test_the_buttons_take_no_get(staff: Client, ada: Student) -> None:
    before = everything()
    for path, _data in ways_to_change(ada)[3:5]:
        assert staff.get(path).status_code == 405
    assert everything() == before


def test_every_form_wants_its_token(alice: Any, ada: Student) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    before = everything()
    for path, data in ways_to_change(ada):
        assert client.post(path, data).status_code == 403, path
    assert everything() == before


def test_nobody_changes_the_audit(ada: Student) -> None:
    root = make_person("root", is_staff=True, is_superuser=True)
    client, entry = admin_of(root), AuditEntry.objects.latest("pk")
    rows = list(AuditEntry.objects.values())
    base = "/admin/photostore/auditentry/"
    for path in (f"{base}{entry.pk}/change/", f"{base}{entry.pk}/delete/", f"{base}add/"):
        assert client.post(path, {"action": "nothing.happened", "post": "yes"}).status_code == 403
    client.post(base, {"action": "delete_selected", "_selected_action": str(entry.pk), "post": "yes"})
    assert list(AuditEntry.objects.filter(pk__lte=entry.pk).values()) == rows


def test_enter_in_a_field_presses_no_photo_button(staff: Client, ada: Student) -> None:
    """Browsers press a form's first submit button; one that removes or restores must belong to another."""
    page = staff.get(of(ada)).content.decode()
    buttons = re.findall(r"<button[^>]*formaction=[^>]*>", page)
    assert len(buttons) == 2
    assert all('form="admin-photo-form"' in button for button in buttons)
    main, after = page.split('id="student_form"')[1].split("</form>", 1)
    assert "admin-photo-form" in main
    assert 'id="admin-photo-form"' in after


# Bytes travel without a transaction, and a storage that is unavailable costs nothing


@pytest.fixture
def transactions(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each time that files are written: whether a transaction was open."""
    seen: list[bool] = []
    put_many = DiskStorage.put_many

    def watched(self: DiskStorage, *args: Any, **values: Any) -> None:
        seen.append(connection.in_atomic_block)
        put_many(self, *args, **values)

    monkeypatch.setattr(DiskStorage, "put_many", watched)
    return seen


def test_no_transaction_is_open_while_bytes_travel(
    staff: Client, ada: Student, transactions: list[bool]
) -> None:
    first = ada.photos.order_by("pk")[0]
    transactions.clear()
    answer = staff.post(of(ada), typed(new_photo=file_of(face(3))))
    assert answer.status_code == 302
    assert staff.post(f"{LIST}add/", typed(name="Bea", new_photo=file_of(face(4)))).status_code == 302
    assert staff.post(of(ada, f"photo/{first.sha256}/restore/")).status_code == 302
    assert len(transactions) >= 6
    assert not any(transactions)
    assert Student.objects.get(name="Bea").profile_photo
    ada.refresh_from_db()
    assert ada.photo_sha256 == first.sha256


def test_a_deleted_student_leaves_the_photos_in_quarantine(staff: Client, ada: Student) -> None:
    asked = staff.get(of(ada, "delete/")).content.decode()
    assert "2 photos are set aside for 30 days" in asked
    assert "will be deleted" not in asked, "two sentences that disagree"
    assert staff.post(of(ada, "delete/"), {"post": "yes"}).status_code == 302
    assert not Student.objects.exists()
    assert QuarantinedFile.objects.count() == 2


@pytest.mark.parametrize("way", ["replace", "add", "restore"])
def test_a_storage_that_is_unavailable_is_a_sentence(
    staff: Client, ada: Student, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    first = ada.photos.order_by("pk")[0]
    path, data = {
        "replace": (of(ada), typed(new_photo=file_of(face(3)))),
        "add": (f"{LIST}add/", typed(name="Bea", new_photo=file_of(face(4)))),
        "restore": (of(ada, f"photo/{first.sha256}/restore/"), {}),
    }[way]
    before = everything()

    def away(*_args: Any, **_values: Any) -> None:
        raise StorageUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(DiskStorage, "put_many", away)
        answer = staff.post(path, data, follow=True)
    assert answer.status_code == 200
    assert "storage cannot be reached" in answer.content.decode()
    assert everything() == before


# Many students


def counted(staff: Client, path: str) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        assert staff.get(path).status_code == 200
    return [query["sql"] for query in queries]


@pytest.mark.parametrize("query", ["", "?q=ada", "?has_photo=yes&class_name=7A"])
def test_a_list_costs_the_same_for_ten_as_for_fifty(staff: Client, query: str) -> None:
    incoming = picture(1)
    create_student(fields={"name": "Ada 0", "class_name": "7A"}, actor=TEST_ACTOR, incoming=incoming)
    photographed = Student.objects.get()
    copied(photographed, 9)
    staff.get(LIST)  # a session writes down that it is used, with its first page
    ten = counted(staff, LIST + query)
    copied(photographed, 40)
    fifty = counted(staff, LIST + query)
    print(f"{LIST}{query}: {len(fifty)} queries")  # noqa: T201
    assert len(ten) == len(fifty) <= 8


def copied(student: Student, count: int) -> None:
    """More of the kind, as rows alone: what a list reads."""
    start = Student.objects.count()
    columns = {name: getattr(student, name) for name in ("class_name", "profile_photo", "photo_sha256")}
    Student.objects.bulk_create(Student(name=f"Ada {start + i}", **columns) for i in range(count))


def test_a_page_with_history_costs_the_same_however_long_it_is(staff: Client, ada: Student) -> None:
    staff.get(of(ada))  # what Django looks up once for a process
    few = counted(staff, of(ada))
    for seed in range(3, 8):
        upload_photo(student=ada, incoming=picture(seed), actor=TEST_ACTOR)
    many = counted(staff, of(ada))
    print(f"{of(ada)}: {len(many)} queries")  # noqa: T201
    assert len(few) == len(many) <= 12
    assert StudentPhoto.objects.count() == 7


def test_the_list_opens_quickly_among_many(staff: Client) -> None:
    """The classes are read along their index: with DISTINCT this grew with every student."""
    with connection.cursor() as cursor:
        cursor.execute(MANY)
        cursor.execute("ANALYZE students_student")
    with CaptureQueriesContext(connection) as queries:
        page = staff.get(LIST).content.decode()
    assert "C 39" in page
    (classes,) = [query for query in queries if "RECURSIVE" in query["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (VERBOSE) {classes['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Seq Scan" not in plan
    assert "students_by_class" in plan


MANY = """
INSERT INTO students_student (student_id, name, first_name, last_name, grade, class_name, status,
                              profile_photo, photo_sha256, created_at, updated_at)
SELECT gen_random_uuid(), 'Student ' || i, '', '', '', 'C ' || (i % 40), 'active', '', '', now(), now()
FROM generate_series(1, 5000) AS i
"""


# Several people at once


def test_no_thread_sees_the_request_of_another(alice: Any, vera: Any, ada: Student) -> None:
    """Alice and Vera look at one page at once, again and again: the buttons are Alice's alone."""
    pages: dict[str, list[bool]] = {"alice": [], "vera": []}
    start = threading.Barrier(2)

    def look(user: Any) -> None:
        client = admin_of(user)
        start.wait(30)
        for _ in range(15):
            page = client.get(of(ada)).content.decode()
            pages[user.username].append("/photo/remove/" in page)
        connections.close_all()

    threads = [threading.Thread(target=look, args=[user]) for user in (alice, vera)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert pages == {"alice": [True] * 15, "vera": [False] * 15}


def test_the_current_request_is_the_threads_own(alice: Any) -> None:
    staff = admin.site.get_model_admin(Student)
    asked = threading.Event()
    answered = threading.Event()
    seen: list[bool] = []

    def one(user: Any, wait: threading.Event, tell: threading.Event) -> None:
        request = RequestFactory().get(LIST)
        request.user = user
        staff.changelist_view(request)
        tell.set()
        wait.wait(30)
        seen.append(staff.current_request is request)
        connections.close_all()

    threads = [
        threading.Thread(target=one, args=(alice, asked, answered)),
        threading.Thread(target=one, args=(alice, answered, asked)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [True, True]


def test_forms_of_the_admin_are_throttled_too(staff: Client, ada: Student, monkeypatch: Any) -> None:
    monkeypatch.setattr("students.admin.forms.staff_per_minute", lambda: 1)
    before = ada.photos.count()
    assert staff.post(of(ada), typed(new_photo=file_of(face(3)))).status_code == 302
    second = staff.post(of(ada), typed(new_photo=file_of(face(4))))
    assert (second.status_code, str(TooManyAttempts.sentence) in second.content.decode()) == (200, True)
    assert ada.photos.count() == before + 1
