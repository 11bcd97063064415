"""Numbers that are changed by SQL: the photo follows, and nobody gets another's face after a reseed."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from photostore.tests.inventory_files import run
from students import identity
from students.models import FormerStudentNumber, Student, StudentPhoto
from students.renumbering import retag_some
from students.tests.drill_school import OLGA, PUPILS, Pupil, enter_again, judge
from students.tests.reseeding import forget_everything
from students.versions import stored_bytes

pytestmark = pytest.mark.django_db(transaction=True)

SWAP = """
UPDATE students_student SET student_number = 'on the way' WHERE student_number = 'S-000';
UPDATE students_student SET student_number = 'S-000' WHERE student_number = 'S-001';
UPDATE students_student SET student_number = 'S-001' WHERE student_number = 'on the way'
"""


def by_sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def number_inside(pupil: Pupil) -> str:
    today = StudentPhoto.objects.of_profile().get(student=pupil.pk, replaced_at=None)
    inside = identity.read(stored_bytes(today))
    assert inside is not None and inside.student_id == pupil.student_id
    return inside.number_hash


@pytest.mark.s3
def test_the_photo_follows_the_number(school: list[Pupil]) -> None:
    by_sql(SWAP)
    assert retag_some(OLGA) == 2
    assert number_inside(school[0]) == identity.number_hash("S-001")
    assert number_inside(school[1]) == identity.number_hash("S-000")
    for pupil in school[:2]:
        today = StudentPhoto.objects.of_profile().get(student=pupil.pk, replaced_at=None)
        assert today.untagged_sha256 == pupil.face
        assert Student.objects.get(pk=pupil.pk).photo_sha256 == today.sha256
    assert retag_some(OLGA) == 0


def test_former_numbers_are_kept_whoever_changes_them(school: list[Pupil]) -> None:
    by_sql(SWAP)
    former = FormerStudentNumber.objects.filter(student=school[0].pk).order_by("pk")
    assert list(former.values_list("student_number", flat=True)) == ["S-000", "on the way"]


def test_a_photo_that_names_somebody_else_is_left_as_it_is(school: list[Pupil]) -> None:
    """Versions that were exchanged by SQL as well: a new tag would make the wrong child certain."""
    first, second = (
        StudentPhoto.objects.of_profile().get(student=one.pk, replaced_at=None) for one in school[:2]
    )
    exchange = "UPDATE students_studentphoto SET student_id = %s WHERE id = %s"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE students_studentphoto SET replaced_at = now() WHERE id = %s", [second.pk])
        cursor.execute(exchange, [second.student_id, first.pk])
    by_sql("UPDATE students_student SET student_number = 'S-9' WHERE student_number = 'S-001'")
    assert retag_some(OLGA) == 1
    assert StudentPhoto.objects.of_profile().get(student=second.student_id, replaced_at=None).pk == first.pk
    assert not FormerStudentNumber.objects.filter(photo_is_retagged=False).exists()


@pytest.mark.drill("two numbers swapped by SQL, a minute later reseeded, no backup")
def test_swapped_by_sql_and_then_reseeded(school: list[Pupil], outcome: Any) -> None:
    by_sql(SWAP)
    retag_some(OLGA)
    school[0].number, school[1].number = school[1].number, school[0].number
    forget_everything()
    today = enter_again(school)
    run("migrate_orphaned_photos", "--migrate")
    counts = judge(school, today)
    outcome(**counts)
    assert counts == {"right": PUPILS, "wrong": 0, "left": 0}
