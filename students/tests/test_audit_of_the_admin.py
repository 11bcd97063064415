"""Whatever an admin channel refuses leaves an audit row, with who tried what and why it was refused."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from photostore.errors import Conflict, NotFound
from photostore.models import AuditEntry
from students.models import AttendancePhoto, Student
from students.tests.school import enrol, face, file_of
from testing.once import made_once
from testing.people import make_person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
@made_once
def ada(api: Any) -> Student:
    made = enrol(api, "Ada Lovelace", photo=face(1))
    AuditEntry.objects.all().delete()
    return Student.objects.get(pk=made["id"])


def staff(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def refused() -> tuple[str, str, str]:
    """The one refusal: its action, its subject, its code."""
    row = AuditEntry.objects.get(outcome="refused")
    assert row.channel == "admin"
    return row.action, row.subject, row.code


def change(student: Student) -> str:
    return reverse("admin:students_student_change", args=[student.pk])


FIELDS = {"name": "Ada Lovelace", "status": "active"}


def test_the_link_to_who_did_what_finds_it(alice: Any, ada: Student) -> None:
    assert staff(alice).post(change(ada), {**FIELDS, "name": "Ada King"}).status_code == 302
    alice.user_permissions.add(Permission.objects.get(codename="view_auditentry"))
    page = staff(alice).get(change(ada)).content.decode()
    link = re.search(r'href="([^"]*)">Who did what with this student', page)
    assert link is not None
    found = staff(alice).get(html.unescape(link[1]))
    assert [row.action for row in found.context["cl"].result_list] == ["student.update"]


def test_a_button_whose_use_case_refuses(alice: Any, ada: Student) -> None:
    address = reverse("admin:students_student_remove_photo", args=[ada.pk])
    assert staff(alice).post(address).status_code == 302
    staff(alice).post(address)
    action, subject, code = refused()
    assert action.startswith("POST admin/students/student/")
    assert (subject, code) == (f"student {ada.student_id}", "no_photo")
    assert AuditEntry.objects.get(outcome="refused").actor_name == "alice"


def test_a_button_without_the_permission(vera: Any, ada: Student) -> None:
    address = reverse("admin:students_student_remove_photo", args=[ada.pk])
    assert staff(vera).post(address).status_code == 403
    assert refused()[1:] == (f"pk={ada.pk}", "permission_denied")


def test_a_form_with_a_sentence_beside_a_field(alice: Any, ada: Student) -> None:
    assert staff(alice).post(change(ada), {**FIELDS, "name": ""}).status_code == 200
    assert refused()[1:] == (f"object_id={ada.pk}", "invalid")


def test_a_picture_that_is_refused_leaves_one_row(alice: Any, ada: Student) -> None:
    staff(alice).post(change(ada), {**FIELDS, "new_photo": file_of(b"no picture")})
    action, subject, _code = refused()
    assert (action, subject) == ("photo.upload", f"student {ada.student_id}")


def test_a_use_case_that_refuses_while_saving(
    alice: Any, ada: Student, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(**_values: Any) -> None:
        raise Conflict

    monkeypatch.setattr("students.admin.students.update_student", busy)
    assert staff(alice).post(change(ada), {**FIELDS, "name": "Ada King"}).status_code == 302
    assert refused()[1:] == (f"object_id={ada.pk}", "conflict")


def test_a_bulk_action_tells_each_that_was_refused(
    alice: Any, ada: Student, api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    grace = Student.objects.get(pk=enrol(api, "Grace Hopper", photo=face(2))["id"])
    from students import photos

    original = photos._fresh

    def gone(student: Student, **options: Any) -> Student:
        if student.pk == ada.pk:
            raise NotFound
        return original(student, **options)

    monkeypatch.setattr(photos, "_fresh", gone)
    answer = staff(alice).post(
        reverse("admin:students_student_changelist"),
        {"action": "remove_photos", "_selected_action": [ada.pk, grace.pk], "confirmed": "yes"},
        follow=True,
    )
    assert "Ada Lovelace: Not found." in answer.content.decode()
    assert refused() == ("student.remove_photos", f"student {ada.student_id}", "not_found")
    grace.refresh_from_db()
    assert not grace.profile_photo


@pytest.fixture
def half_day(db: None) -> Any:
    """May do everything with attendance photos."""
    permissions = [f"{may}_attendancephoto" for may in ("view", "add", "change", "delete")]
    return make_person("hanna", "view_student", *permissions, is_staff=True)


def test_the_attendance_admin(half_day: Any, ada: Student, api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    add = reverse("admin:students_attendancephoto_add")
    values = {"student": ada.pk, "date": "2026-11-20", "session": "AM"}
    assert staff(half_day).post(add, {**values, "image": file_of(face(3))}).status_code == 302
    assert staff(half_day).post(add, {**values, "image": file_of(face(4))}).status_code == 200
    assert refused()[2] == "invalid", "there is one for that half-day"
    AuditEntry.objects.all().delete()

    staff(half_day).post(add, {**values, "session": "PM", "image": file_of(b"no picture")})
    assert refused()[0] == "photo.upload"
    AuditEntry.objects.all().delete()

    def busy(**_values: Any) -> None:
        raise Conflict

    monkeypatch.setattr("students.admin.attendance.remove_photo", busy)
    pk = AttendancePhoto.objects.get().pk
    delete = reverse("admin:students_attendancephoto_delete", args=[pk])
    staff(half_day).post(delete, {"post": "yes"})
    assert refused()[1:] == (f"object_id={pk}", "conflict")


@pytest.mark.parametrize("channel", ["admin", "page", "api"])
def test_a_form_from_elsewhere(alice: Any, ada: Student, channel: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    address = {"admin": change(ada), "page": reverse("sign-in"), "api": f"/api/students/{ada.pk}/"}[channel]
    assert client.post(address, {"name": "Mallory"}).status_code in {403, 405}
    row = AuditEntry.objects.get(outcome="refused")
    # The API lets nobody in by such a request, so there it is nobody's.
    assert (row.actor_name, row.code) == ("" if channel == "api" else "alice", "csrf_failed")
    ada.refresh_from_db()
    assert ada.name == "Ada Lovelace"


def test_nobodys_forms_from_elsewhere_do_not_fill_the_disk(ada: Student) -> None:
    client = Client(enforce_csrf_checks=True)
    for _ in range(30):
        assert client.post(reverse("sign-in"), {"username": "x"}).status_code == 403
    assert 0 < AuditEntry.objects.filter(code="csrf_failed").count() <= 20
