"""A photo of which only a file with another tag is left: under the number from before, or the one since."""

from __future__ import annotations

import io
import uuid
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from photostore.models import StoredFile
from photostore.storage import storage_for
from photostore.tests.inventory_files import run
from students.enrolment import update_student
from students.models import Student, StudentPhoto
from students.tests.drill_school import OLGA, PUPILS, Pupil, judge, same_students
from students.tests.reseeding import undo_last
from students.tests.school import face

pytestmark = pytest.mark.django_db(transaction=True)


def lose(sha256: str) -> None:
    """Every file with these bytes, by hand; the rows know nothing of it."""
    for alias, key in StoredFile.objects.filter(sha256=sha256).values_list("storage_alias", "key"):
        storage_for(alias).remove(key)


@pytest.fixture
def renumbered(school: list[Pupil]) -> list[Pupil]:
    for one in school:
        student = Student.objects.get(pk=one.pk)
        update_student(student=student, fields={"student_number": f"T-{one.pk}"}, actor=OLGA)
    return school


@pytest.mark.drill("numbers changed, then every file of today's photos lost but those under the old numbers")
def test_a_lost_version_is_made_of_the_one_under_the_former_number(
    renumbered: list[Pupil], outcome: Any
) -> None:
    for student in Student.objects.all():
        lose(student.photo_sha256)
    assert judge(renumbered, same_students(renumbered))["left"] == PUPILS
    code, said = run("restore_student_photos")
    counts = judge(renumbered, same_students(renumbered))
    outcome(**counts)
    assert (code, said["photos_missing"], counts["right"]) == (0, 0, PUPILS)
    undo_last()
    assert judge(renumbered, same_students(renumbered))["left"] == PUPILS


def test_a_former_version_that_is_lost_is_called_one(school: list[Pupil]) -> None:
    former = StudentPhoto.objects.of_profile().filter(student=school[0].pk).exclude(replaced_at=None).get()
    lose(former.sha256)
    output = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("restore_student_photos", "--verify-only", stdout=output)
    assert f"Missing former photo: {school[0].name} (ID {school[0].pk})" in output.getvalue()
    assert "Missing photo file" not in output.getvalue()


def test_what_was_paired_by_order_is_not_left(each_storage: str) -> None:
    storage_for().put(f"photos/students/{uuid.uuid4()}/profile.jpg", face(1), content_type="image/jpeg")
    Student.objects.create(name="Ada")
    code, said = run("migrate_orphaned_photos", "--migrate", "--by", "order", "--confirm")
    assert (code, said["students"], said["left_count"]) == (0, 1, 0)


@pytest.mark.drill("the database of before the numbers changed, and only files of after")
def test_a_former_version_is_made_of_a_unowned_file_with_the_later_number(
    renumbered: list[Pupil], outcome: Any
) -> None:
    """As a database of the day before is: it knows the old numbers and versions, and none of the new ones."""
    for student in Student.objects.all():
        before = (
            StudentPhoto.objects.of_profile().filter(student=student).exclude(sha256=student.photo_sha256)
        )
        before = before.order_by("-uploaded_at").first()
        assert before is not None
        lose(before.sha256)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM photostore_storedfile WHERE sha256 = %s", [student.photo_sha256])
            cursor.execute("DELETE FROM photostore_pendingremoval")
            cursor.execute("DELETE FROM students_studentphoto WHERE sha256 = %s", [student.photo_sha256])
            cursor.execute(
                "UPDATE students_studentphoto SET replaced_at = NULL WHERE sha256 = %s", [before.sha256]
            )
            cursor.execute(
                "UPDATE students_student SET photo_sha256 = %s, student_number = 'S-' || "
                "lpad((%s)::text, 3, '0') WHERE id = %s",
                [before.sha256, [one.pk for one in renumbered].index(student.pk), student.pk],
            )
    code, said = run("restore_student_photos")
    counts = judge(renumbered, same_students(renumbered))
    outcome(**counts)
    assert (code, said["photos_missing"], counts["right"]) == (0, 0, PUPILS)
