"""Student numbers are given up and given to others; a photo tagged with one goes to nobody else for that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from photostore.tests.inventory_files import run
from students.enrolment import create_student, delete_student, update_student
from students.models import Student
from students.tests.drill_school import OLGA, PUPILS, Pupil, incoming, judge
from students.tests.reseeding import forget_everything, tree

pytestmark = pytest.mark.django_db(transaction=True)


def renumber(pupil: Pupil, number: str | None) -> None:
    student = Student.objects.get(pk=pupil.pk)
    update_student(student=student, fields={"student_number": number}, actor=OLGA)
    pupil.number = number or ""


def enter(pupils: list[Pupil]) -> dict[int, Student]:
    """As new students under the numbers that they had last; those without one are not there any more."""
    return {
        place: create_student(fields={"name": one.name, "student_number": one.number}, actor=OLGA)
        for place, one in reversed(list(enumerate(pupils)))
        if one.number
    }


def swap_numbers(first: Pupil, second: Pupil) -> None:
    """By way of a third: a number is one student's at a time."""
    renumber(first, "on the way")
    renumber(second, "S-000")
    renumber(first, "S-001")


@pytest.mark.drill("two swapped their numbers, then reseeded, no backup")
def test_two_swapped_their_numbers(school: list[Pupil], outcome: Any) -> None:
    """Their former and attendance photos still have the other's number inside."""
    swap_numbers(*school[:2])
    forget_everything()
    today = enter(school)
    code, said = run("migrate_orphaned_photos", "--migrate")
    counts = judge(school, today)
    outcome(**counts)
    assert (code, said["left_count"]) == (0, 0)
    assert counts["right"] == PUPILS


@pytest.mark.drill("a leaver's number given to another, then reseeded, no backup")
def test_a_leavers_number_is_anothers(school: list[Pupil], outcome: Any) -> None:
    leaver, heir = school[:2]
    renumber(leaver, None)
    renumber(heir, "S-000")
    forget_everything()
    today = enter(school)
    run("migrate_orphaned_photos", "--migrate")
    counts = judge(school, today)
    outcome(**counts)
    assert counts == {"right": PUPILS - 1, "wrong": 0, "left": 1}


def test_two_former_students_of_one_number_are_left_for_a_person(school: list[Pupil]) -> None:
    """One was deleted by SQL, so that the folder stayed, and the next child was given the number."""
    Student.objects.filter(pk=school[0].pk).update(student_number=None)
    fields = {"name": "New Child", "student_number": "S-000"}
    create_student(fields=fields, incoming=incoming(555), actor=OLGA)
    forget_everything()
    today = enter(school)
    _code, said = run("migrate_orphaned_photos", "--migrate")
    assert judge(school, today) == {"right": PUPILS - 1, "wrong": 0, "left": 1}
    assert not today[0].photos.exists()
    assert {one["state"] for one in said["left"]} == {"blocked"}
    assert {note for one in said["left"] for note in one["notes"]} == {
        "photos of more than one former student have this number"
    }


def test_a_deleted_students_photos_do_not_come_to_the_next_child_of_their_number(school: list[Pupil]) -> None:
    delete_student(student=Student.objects.get(pk=school[0].pk), actor=OLGA)
    fields = {"name": "New Child", "student_number": "S-000"}
    child = create_student(fields=fields, incoming=incoming(555), actor=OLGA)
    before = tree()
    _code, said = run("migrate_orphaned_photos", "--migrate", "--deleted")
    assert (said["students"], said["left_count"]) == (0, 3)
    assert {one["state"] for one in said["left"]} == {"blocked"}
    assert child.photos.count() == 1
    assert tree() == before


def test_a_whole_school_with_new_numbers_keeps_its_history(school: list[Pupil]) -> None:
    """Nobody has the old numbers any more; the last photo of each says whose the former ones are."""
    for one in school:
        renumber(one, one.number.replace("S", "T"))
    forget_everything()
    today = enter(school)
    _code, said = run("migrate_orphaned_photos", "--migrate")
    assert (said["left_count"], judge(school, today)["right"]) == (0, PUPILS)
    assert {student.photos.of_profile().count() for student in today.values()} == {2}


def test_a_backup_from_before_the_numbers_were_swapped_brings_nobody_anothers(
    school: list[Pupil], backup: Path
) -> None:
    """It agrees with the former photos about a number that is another's by now; the last photo is newer."""
    swap_numbers(*school[:2])
    forget_everything()
    today = enter(school)
    run("migrate_orphaned_photos", "--migrate", "--backup-file", str(backup))
    assert judge(school, today)["wrong"] == 0


@pytest.mark.drill("two numbers mistyped when the school was entered again, backup")
def test_a_mistyped_number_is_noticed_by_the_names(school: list[Pupil], backup: Path, outcome: Any) -> None:
    forget_everything()
    school[0].number, school[1].number = school[1].number, school[0].number
    today = enter(school)
    _code, said = run("migrate_orphaned_photos", "--migrate")
    counts = judge(school, today)
    outcome(**counts)
    assert counts == {"right": PUPILS - 2, "wrong": 0, "left": 2}
    assert {one["state"] for one in said["left"]} == {"blocked"}


def test_an_old_backup_does_not_give_a_leavers_photos_to_the_next_child(
    school: list[Pupil], backup: Path
) -> None:
    Student.objects.filter(pk=school[0].pk).update(student_number=None)
    fields = {"name": "New Child", "student_number": "S-000"}
    create_student(fields=fields, incoming=incoming(555), actor=OLGA)
    forget_everything()
    child = create_student(fields=fields, actor=OLGA)
    run("migrate_orphaned_photos", "--migrate")
    assert not child.photos.exists()
