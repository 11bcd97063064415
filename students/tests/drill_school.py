"""The school of the disaster drills: ten pupils, and whose face each of them shows afterwards."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings

from photostore.audit import Actor
from photostore.storage import storage_for
from photostore.tags import strip
from students.enrolment import create_student
from students.models import Student, StudentPhoto
from students.photos import upload_photo
from students.tests.reseeding import forget_everything, run
from students.tests.school import face
from students.versions import IncomingPhoto, take_in

OLGA = Actor(id="", name="olga", door="command")
PUPILS = 10
NAMESAKES = {8: "Sam Okafor", 9: "Sam Okafor"}


@dataclass
class Pupil:
    """Somebody at the school: who they are, and the face that is theirs."""

    name: str
    number: str
    face: str
    former_face: str
    student_id: uuid.UUID
    pk: int


@pytest.fixture
def school(each_storage: str) -> list[Pupil]:
    """Ten pupils with a former and a present photo; two of them have the same name."""
    pupils = []
    for place in range(PUPILS):
        name, number = NAMESAKES.get(place, f"Pupil {place} Quist"), f"S-{place:03}"
        then = incoming(1000 + place)
        fields = {"name": name, "student_number": number}
        student = create_student(fields=fields, incoming=then, actor=OLGA)
        now = incoming(place)
        student = upload_photo(student=student, incoming=now, actor=OLGA).student
        faces = (now.clean.picture.sha256, then.clean.picture.sha256)
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

    Right is one's own present face, wrong any that is not one's own; one's own former face is left for a
    person.
    """
    counts = {"right": 0, "wrong": 0, "left": 0}
    for place, pupil in enumerate(school):
        student = Student.objects.filter(pk=today[place].pk).first() if place in today else None
        live = StudentPhoto.objects.filter(student=student, replaced_at=None).first() if student else None
        if live is None or storage_for().stat(str(live.file)) is None:
            counts["left"] += 1
            continue
        shown = storage_for().read(str(live.file), max_bytes=2**26)
        seen = _bare_sha256(shown)
        counts["right" if seen == pupil.face else "left" if seen == pupil.former_face else "wrong"] += 1
    return counts


def _bare_sha256(data: bytes) -> str:
    return hashlib.sha256(strip(data)).hexdigest()


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
