"""Schools whose rows and files were made by SQL, by a plain script and by hand: whose face does each have?"""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

import pytest
from django.db import connection

from photostore.storage import storage_for
from students import identity
from students.models import Student
from students.tests.drill_school import Pupil, incoming, judge
from students.tests.reseeding import run

pytestmark = pytest.mark.django_db(transaction=True)

PUPILS = 20
ROW = """
INSERT INTO students_student (student_id, student_number, name, first_name, last_name, grade, class_name,
    status, profile_photo, photo_sha256, created_at, updated_at)
VALUES (gen_random_uuid(), %s, %s, '', '', '', '', 'active', '', '', now(), now()) RETURNING id
"""
NUMBERS = """
UPDATE students_student SET student_number = 'on the way' WHERE student_number = 'S-000';
UPDATE students_student SET student_number = 'S-000' WHERE student_number = 'S-001';
UPDATE students_student SET student_number = 'S-001' WHERE student_number = 'on the way'
"""


def put_by_hand(key: str, data: bytes) -> None:
    storage_for().put(key, data, content_type="image/jpeg")


def former_school(first: int = 0, count: int = PUPILS, key: str = "") -> list[Pupil]:
    """A school of which only files are left: each with the identity that they had, and no row anywhere."""
    pupils = []
    for place in range(count):
        picture = incoming(first + place).clean.picture
        one = Pupil(f"Pupil {first + place}", f"S-{place:03}", picture.sha256, "", "", uuid.uuid4(), 0)
        tagged = identity.tag(picture.data, student_id=one.student_id, student_number=one.number)
        sha256 = hashlib.sha256(tagged).hexdigest()
        put_by_hand(f"photos/students/{one.student_id}/history/{sha256}.jpg", tagged)
        put_by_hand(f"photos/students/{one.student_id}/profile.jpg", tagged)
        pupils.append(one)
    return pupils


def by_sql(pupils: list[Pupil], numbers: list[str]) -> dict[int, Student]:
    """Rows as a seed script in SQL writes them, in another order."""
    pks = {}
    with connection.cursor() as cursor:
        for place in reversed(range(len(pupils))):
            cursor.execute(ROW, [numbers[place], pupils[place].name])
            pks[place] = cursor.fetchone()[0]
    return {place: Student.objects.get(pk=pk) for place, pk in pks.items()}


def by_orm(pupils: list[Pupil], numbers: list[str]) -> dict[int, Student]:
    """The same by a plain script, which knows the documented columns only."""
    rows = [
        Student(name=one.name, student_number=number) for one, number in zip(pupils, numbers, strict=True)
    ]
    return dict(enumerate(Student.objects.bulk_create(rows)))


def numbers_of(pupils: list[Pupil]) -> list[str]:
    return [one.number for one in pupils]


@pytest.mark.drill("reseeded by SQL, numbers there, no backup")
@pytest.mark.parametrize("enter", [by_sql, by_orm])
def test_rows_made_past_our_code_are_found_by_their_numbers(
    each_storage: str, outcome: Any, enter: Any
) -> None:
    pupils = former_school()
    today = enter(pupils, numbers_of(pupils))
    assert run("migrate_orphaned_photos", "--migrate")[0] == 0
    counts = judge(pupils, today)
    outcome(**counts)
    assert counts == {"right": PUPILS, "wrong": 0, "left": 0}


@pytest.mark.drill("reseeded, two mistyped numbers then corrected by SQL, no backup")
@pytest.mark.parametrize("enter", [by_sql, by_orm])
def test_numbers_that_were_corrected_by_sql_count_as_they_stand(
    each_storage: str, outcome: Any, enter: Any
) -> None:
    pupils = former_school()
    today = enter(pupils, ["S-001", "S-000", *numbers_of(pupils)[2:]])
    with connection.cursor() as cursor:
        cursor.execute(NUMBERS)
    assert run("migrate_orphaned_photos", "--migrate")[0] == 0
    counts = judge(pupils, today)
    outcome(**counts)
    assert counts == {"right": PUPILS, "wrong": 0, "left": 0}
