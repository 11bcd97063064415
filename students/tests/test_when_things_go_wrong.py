"""Follows docs/when-things-go-wrong.md: each scenario is set up, its commands are run and compared."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import storages

from photostore import keys
from photostore.audit import Actor
from photostore.storage import storage_for
from students.enrolment import create_student, delete_student
from students.models import Student, StudentPhoto
from students.tests.following import check, run, scenarios
from students.tests.reseeding import forget_everything
from students.tests.school import face
from students.versions import take_in

PAGE = "when-things-go-wrong.md"
OLGA = Actor(id="", name="olga", channel="command")
SCHOOL = [
    ("Ada Lovelace", "S-1", "00000000-0000-4000-8000-000000000001"),
    ("Grace Hopper", "S-2", "00000000-0000-4000-8000-000000000002"),
    ("Alan Turing", "S-3", "00000000-0000-4000-8000-000000000003"),
]


@pytest.fixture
def school(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USER", "olga")
    forget_everything()
    for place, (name, number, student_id) in enumerate(SCHOOL):
        create_student(
            fields={"name": name, "student_number": number, "student_id": uuid.UUID(student_id)},
            incoming=take_in(face(place), filename="photo.jpg", origin="api"),
            actor=OLGA,
        )


def healthy() -> None:
    pass


def unlinked() -> None:
    run("create_seed_backup")
    StudentPhoto.objects.all().delete()
    Student.objects.update(profile_photo="", photo_sha256="")


def reseeded() -> None:
    forget_everything()
    for name, number, _student_id in [*SCHOOL[1:], ("Mary Jackson", "S-9", "")]:
        create_student(fields={"name": name, "student_number": number}, actor=OLGA)


def files_gone() -> None:
    for place, photo in enumerate(StudentPhoto.objects.order_by("pk")):
        storage_for().remove(str(photo.file))
        if place == 0:
            storage_for().remove(str(photo.student.profile_photo))
            storage_for("safe").remove(keys.student_safe(photo.student.student_id))


def database_gone() -> None:
    run("create_seed_backup")
    forget_everything()


def deleted() -> None:
    run("create_seed_backup")
    delete_student(student=Student.objects.get(student_number="S-1"), actor=OLGA)


def deleted_without_a_backup() -> None:
    delete_student(student=Student.objects.get(student_number="S-1"), actor=OLGA)
    create_student(fields={"name": "Ada Lovelace", "student_number": "S-1"}, actor=OLGA)


def new_disk() -> None:
    root = Path(settings.MEDIA_ROOT)
    shutil.rmtree(root)
    root.mkdir()
    storages._storages.clear()  # type: ignore[attr-defined]


SET_UP = {
    "healthy": healthy,
    "unlinked": unlinked,
    "reseeded": reseeded,
    "files gone": files_gone,
    "database gone": database_gone,
    "deleted": deleted,
    "deleted without a backup": deleted_without_a_backup,
    "new disk": new_disk,
    "undo": unlinked,
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("scenario", SET_UP)
def test_the_page_is_true(school: None, scenario: str) -> None:
    SET_UP[scenario]()
    check(PAGE, scenario)


def test_every_scenario_of_the_page_is_followed() -> None:
    assert {name for name, _block in scenarios(PAGE)} == set(SET_UP)
