"""The school of the disaster drills: six pupils, and whose face each of them shows afterwards.

Three of them have an attendance photo as well.
"""

from __future__ import annotations

import datetime
import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings

from photostore.audit import Actor
from photostore.storage import storage_for
from photostore.tags import strip
from photostore.tests.inventory_files import run
from students.enrolment import create_student
from students.models import Student, StudentPhoto
from students.photos import upload_photo
from students.slots import slot_of
from students.tests.reseeding import forget_everything
from students.tests.school import face
from students.versions import IncomingPhoto, take_in
from testing.once import made_once

OLGA = Actor(id="", name="olga", channel="command")
PUPILS = 6
ATTENDED = 3
FRIDAY = datetime.date(2026, 11, 20)
NAMESAKES = {4: "Sam Okafor", 5: "Sam Okafor"}


@dataclass
class Pupil:
    """Somebody at the school: who they are, and the faces that are theirs, as bare sha256s."""

    name: str
    number: str
    face: str
    former_face: str
    attendance_face: str
    student_id: uuid.UUID
    pk: int

    @property
    def faces(self) -> set[str]:
        return {self.face, self.former_face, self.attendance_face}


@pytest.fixture
@made_once
def school(each_storage: str) -> list[Pupil]:
    """Six pupils with a former and a present photo, some with attendance; two of them have the same name."""
    pupils = []
    for place in range(PUPILS):
        name, number = NAMESAKES.get(place, f"Pupil {place} Quist"), f"S-{place:03}"
        then = incoming(1000 + place)
        fields = {"name": name, "student_number": number}
        student = create_student(fields=fields, incoming=then, actor=OLGA)
        now = incoming(place)
        student = upload_photo(student=student, incoming=now, actor=OLGA).student
        attended = incoming(2000 + place)
        if place < ATTENDED:
            upload_photo(student=student, slot=slot_of(FRIDAY, "AM"), incoming=attended, actor=OLGA)
        faces = tuple(one.clean.picture.sha256 for one in (now, then, attended))
        pupils.append(Pupil(name, number, *faces, student.student_id, student.pk))
    return pupils


@pytest.fixture
def backup(school: list[Pupil]) -> Path:
    code, _answer = run("create_seed_backup")
    assert code == 0
    (path,) = Path(settings.PHOTO_BACKUP_DIR).glob("seed_backup_*.json")
    return path


@cache
def incoming(seed: int) -> IncomingPhoto:
    """A drawn person, taken in once for all drills."""
    return take_in(face(seed), filename="photo.jpg", origin="api")


def reseed(school: list[Pupil], *, numbers: bool = True) -> dict[int, Student]:
    """The same people under other UUIDs, and under integers that others had; today's student by place."""
    forget_everything()
    return enter_again(school, numbers=numbers)


def enter_again(school: list[Pupil], *, numbers: bool = True) -> dict[int, Student]:
    """Everybody as a new student, in another order; today's student by place."""
    order = [*range(3, PUPILS), *range(3)]
    made = {}
    for place in order:
        number = school[place].number if numbers else None
        fields = {"name": school[place].name, "student_number": number}
        made[place] = create_student(fields=fields, actor=OLGA)
    return made


def judge(school: list[Pupil], today: dict[int, Student]) -> dict[str, int]:
    """Right, wrong, left: by the bytes that are served for each, not by what a command said.

    Right is one's own present face; wrong is whoever has any photo that is not their own, a former or an
    attendance photo; one's own former face is left for a person.
    """
    counts = {"right": 0, "wrong": 0, "left": 0}
    for place, pupil in enumerate(school):
        student = Student.objects.filter(pk=today[place].pk).first() if place in today else None
        if student and any(seen not in pupil.faces for seen in _everything_of(student)):
            counts["wrong"] += 1
            continue
        live = (
            StudentPhoto.objects.of_profile().filter(student=student, replaced_at=None).first()
            if student
            else None
        )
        if live is None or storage_for().stat(str(live.file)) is None:
            counts["left"] += 1
            continue
        counts["right" if _bare_sha256(str(live.file)) == pupil.face else "left"] += 1
    return counts


def _everything_of(student: Student) -> Iterator[str]:
    """The bare sha256s of all photos of a student that are there: present, former, of attendance."""
    for photo in student.photos.all():
        if storage_for().stat(str(photo.file)) is not None:
            yield _bare_sha256(str(photo.file))


def _bare_sha256(key: str) -> str:
    return hashlib.sha256(strip(storage_for().read(key, max_bytes=2**26))).hexdigest()


def same_students(school: list[Pupil]) -> dict[int, Student]:
    found = {
        place: Student.objects.filter(student_id=pupil.student_id).first()
        for place, pupil in enumerate(school)
    }
    return {place: student for place, student in found.items() if student}


def remove_all(alias: str, *prefixes: str) -> None:
    for prefix in prefixes:
        for file in list(storage_for(alias).scan(prefix)):
            storage_for(alias).remove(file.key)
