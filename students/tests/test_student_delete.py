"""`DELETE /api/students/{id}/`, and every other way in which a student can go."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from photostore.models import PendingRemoval, QuarantinedFile, StoredFile
from photostore.register.after_commit import finish_all_commits
from photostore.storage import storage_for
from students.models import FormerStudentNumber, Student, StudentPhoto
from students.tests.school import enrol, everything, face, hand_in, see_through, stored
from testing.once import made_once


@pytest.fixture
@made_once
def ada(api: Any, each_storage: str) -> Student:
    """Two versions of a photo and a former number."""
    made = enrol(api, student_number="S-1", photo=face(1))
    hand_in(api, made["id"], see_through(2), "b.png")
    return Student.objects.get(pk=made["id"])


def versions() -> dict[str, bytes]:
    return {key: data for key, data in stored().items() if "/history/" in key and key.startswith("photos/")}


def set_aside() -> dict[str, bytes]:
    """What lies in quarantine, by the key that it had."""
    return {key.split("/", 2)[2]: data for key, data in stored("default", "quarantine/").items()}


@pytest.mark.s3
def test_every_version_is_set_aside_byte_for_byte_and_nothing_else_stays(api: Any, ada: Student) -> None:
    before = versions()
    assert len(before) == 2
    answer = api.delete(f"/api/students/{ada.pk}/")
    assert (answer.status_code, answer.content) == (204, b"")
    assert set_aside() == before
    assert len(stored()) == 2
    assert all(key.startswith("quarantine/") for alias in ("default", "safe") for key in stored(alias))


def test_no_row_is_left_but_those_of_the_quarantine(api: Any, ada: Student) -> None:
    before = {row.key: row for row in StoredFile.objects.filter(kind="original")}
    api.delete(f"/api/students/{ada.pk}/")
    for table in (Student, StudentPhoto, FormerStudentNumber, StoredFile, PendingRemoval):
        assert not table.objects.exists(), table
    rows = list(QuarantinedFile.objects.all())
    assert {row.key for row in rows} == set(before)
    assert len({row.operation for row in rows}) == 1
    for row in rows:
        was = before[row.key]
        assert (row.sha256, row.byte_size, row.content_type) == (was.sha256, was.byte_size, was.content_type)
        assert (row.owner_label, row.owner_id) == ("students.student", str(ada.pk))
        assert storage_for().stat(f"quarantine/{row.operation}/{row.key}") is not None


def test_a_second_delete_is_a_404(api: Any, ada: Student) -> None:
    api.delete(f"/api/students/{ada.pk}/")
    assert api.delete(f"/api/students/{ada.pk}/").status_code == 404


def test_another_student_keeps_everything(api: Any, ada: Student) -> None:
    other = enrol(api, "Bea", photo=face(3))
    kept = {
        key: data
        for key, data in stored().items()
        if other["student_id"] in key or key == other["profile_photo"]
    }
    api.delete(f"/api/students/{ada.pk}/")
    assert len(kept) >= 5
    assert kept.items() <= stored().items()
    assert Student.objects.get().pk == other["id"]


def by_the_orm(ada: Student) -> None:
    ada.delete()


def in_bulk(ada: Student) -> None:
    Student.objects.filter(pk=ada.pk).delete()


def in_bulk_without_django_looking(ada: Student) -> None:
    Student.objects.filter(pk=ada.pk)._raw_delete("default")


def by_sql(ada: Student) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM students_student WHERE id = %s", [ada.pk])


WAYS = [by_the_orm, in_bulk, in_bulk_without_django_looking, by_sql]


@pytest.mark.parametrize("remove", WAYS)
def test_whoever_deletes_the_row_the_photos_are_set_aside(api: Any, ada: Student, remove: Any) -> None:
    before = versions()
    remove(ada)
    assert not StoredFile.objects.exists()
    assert not StudentPhoto.objects.exists()
    assert versions() == before, "the bytes go after the commit only"
    finish_all_commits()
    assert set_aside() == before
    assert len(stored()) == 2
    assert not PendingRemoval.objects.exists()


@pytest.mark.parametrize("remove", WAYS)
def test_a_rolled_back_delete_keeps_every_file_and_every_row(api: Any, ada: Student, remove: Any) -> None:
    before = everything()
    pk = ada.pk
    with transaction.atomic():
        remove(ada)
        assert PendingRemoval.objects.exists()
        transaction.set_rollback(True)
    finish_all_commits()
    assert everything() == before
    assert api.get(f"/api/students/{pk}/").status_code == 200


def test_the_next_upload_of_anybody_removes_what_sql_gave_up(api: Any, ada: Student) -> None:
    by_sql(ada)
    PendingRemoval.objects.update(queued_at=timezone.now() - timedelta(minutes=2))
    other = enrol(api, "Bea")
    assert hand_in(api, other["id"], face(3)).status_code == 200
    assert len(set_aside()) == 2
    assert not PendingRemoval.objects.exists()
