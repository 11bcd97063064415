"""Disaster drills: what became of everybody's photo, counted. `make drill` prints the table."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from photostore import keys
from photostore.audit import Actor
from photostore.storage import storage_for
from photostore.tags import strip
from students import identity
from students.enrolment import create_student
from students.models import Student, StudentPhoto
from students.photos import remove_photo, upload_photo
from students.tests.reseeding import forget_everything, links, run, tree
from students.tests.school import face
from students.versions import take_in
from testing.pictures import portrait, saved

pytestmark = pytest.mark.django_db(transaction=True)

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
        then = take_in(face(1000 + place), filename="then.jpg", origin="api")
        fields = {"name": name, "student_number": number}
        student = create_student(fields=fields, incoming=then, actor=OLGA)
        now = take_in(face(place), filename="now.jpg", origin="api")
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


def reseed(school: list[Pupil], *, numbers: bool = True) -> dict[int, Student]:
    """The same people under other UUIDs, and under integers that others had; today's student by place."""
    forget_everything()
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


# Reseeded databases


@pytest.mark.drill("reseeded, other ids and order, with numbers, no backup")
def test_reseeded_with_numbers(school: list[Pupil], outcome: Any) -> None:
    today = reseed(school)
    run("migrate_orphaned_photos", "--migrate")
    counts = judge(school, today)
    outcome(**counts)
    assert counts["right"] == PUPILS


@pytest.mark.drill("reseeded without numbers, no backup")
def test_reseeded_without_numbers(school: list[Pupil], outcome: Any) -> None:
    today = reseed(school, numbers=False)
    run("migrate_orphaned_photos", "--migrate")
    counts = judge(school, today)
    outcome(**counts)
    assert counts["left"] == PUPILS


@pytest.mark.drill("reseeded without numbers, backup, names accepted; two of one name")
def test_reseeded_with_names(school: list[Pupil], backup: Path, outcome: Any) -> None:
    today = reseed(school, numbers=False)
    run("migrate_orphaned_photos", "--migrate", "--accept-names", "--backup-file", str(backup))
    counts = judge(school, today)
    outcome(**counts)
    assert counts == {"right": PUPILS - 2, "wrong": 0, "left": 2}


@pytest.mark.drill("every file renamed at random, database reseeded with numbers")
def test_scrambled_names(school: list[Pupil], outcome: Any) -> None:
    today = reseed(school)
    remove_all("safe", "photos/")
    for number, file in enumerate(sorted(storage_for().scan("photos/"), key=lambda file: file.key)):
        if not file.key.endswith("profile.jpg"):
            storage_for().move(file.key, f"student_photos/{uuid.uuid4().hex}_{number}.jpg")
    # Of the two versions of each, only the documented copy tells which one was today's.
    remove_all("default", "derived/")
    run("migrate_orphaned_photos", "--migrate")
    counts = judge(school, today)
    outcome(**counts)
    assert counts["right"] + counts["left"] == PUPILS


@pytest.mark.drill("every file renamed at random, database gone, backup")
def test_scrambled_and_gone(school: list[Pupil], backup: Path, outcome: Any) -> None:
    forget_everything()
    remove_all("safe", "photos/")
    for file in list(storage_for().scan()):
        storage_for().move(file.key, f"student_photos/{uuid.uuid4().hex}.jpg")
    run("restore_student_photos", "--create-students")
    counts = judge(school, same_students(school))
    outcome(**counts)
    assert counts["right"] == PUPILS


# Lost links, lost files


@pytest.mark.drill("the database is gone, backup")
def test_the_database_is_gone(school: list[Pupil], backup: Path, outcome: Any) -> None:
    forget_everything()
    run("restore_student_photos", "--create-students")
    counts = judge(school, same_students(school))
    outcome(**counts)
    assert counts["right"] == PUPILS


@pytest.mark.drill("photos unlinked by SQL, backup")
def test_unlinked(school: list[Pupil], backup: Path, outcome: Any) -> None:
    StudentPhoto.objects.all().delete()
    Student.objects.update(profile_photo="", photo_sha256="")
    run("restore_student_photos")
    counts = judge(school, same_students(school))
    outcome(**counts)
    assert counts["right"] == PUPILS


@pytest.mark.drill("the history folder is gone")
def test_the_history_is_gone(school: list[Pupil], outcome: Any) -> None:
    for pupil in school:
        remove_all("default", f"photos/students/{pupil.student_id}/history/")
    run("restore_student_photos")
    counts = judge(school, same_students(school))
    outcome(**counts)
    assert counts["right"] == PUPILS


@pytest.mark.drill("history and documented names are gone, safe copies left")
def test_only_safe_copies_are_left(school: list[Pupil], outcome: Any) -> None:
    remove_all("default", "student_photos/")
    for pupil in school:
        remove_all("default", f"photos/students/{pupil.student_id}/history/")
    run("restore_student_photos")
    counts = judge(school, same_students(school))
    outcome(**counts)
    assert counts["right"] == PUPILS


@pytest.mark.drill("safe copies gone")
def test_safe_copies_are_gone(school: list[Pupil], outcome: Any) -> None:
    before = tree()
    for pupil in school:
        storage_for("safe").remove(keys.student_safe(pupil.student_id))
    run("restore_student_photos")
    outcome(**judge(school, same_students(school)))
    assert tree() == before


@pytest.mark.drill("one byte flipped in one photo")
def test_one_flipped_byte(school: list[Pupil], outcome: Any) -> None:
    live = StudentPhoto.objects.get(student_id=school[4].pk, replaced_at=None)
    data = bytearray(storage_for().read(str(live.file), max_bytes=2**26))
    data[len(data) // 2] ^= 1
    storage_for().put(str(live.file), bytes(data), content_type="image/jpeg")
    code, found = run("verify_media", "--checksum")
    assert code == 1 and len(found["damaged"]) == 1
    run("restore_student_photos", "--checksum")
    counts = judge(school, same_students(school))
    outcome(**counts)
    assert counts["right"] == PUPILS


@pytest.mark.drill("one student's files overwritten with another's photo")
def test_a_photo_copied_onto_another_student(school: list[Pupil], outcome: Any) -> None:
    ada, ben = (StudentPhoto.objects.get(student_id=school[place].pk, replaced_at=None) for place in (0, 1))
    anothers = storage_for().read(str(ben.file), max_bytes=2**26)
    storage_for().put(str(ada.file), anothers, content_type="image/jpeg")
    storage_for().put(str(ada.student.profile_photo), anothers, content_type="image/jpeg")
    code, found = run("verify_media", "--checksum")
    assert code == 1 and found["damaged"]
    run("restore_student_photos", "--checksum")
    counts = judge(school, same_students(school))
    outcome(**counts)
    assert counts["right"] == PUPILS


# Deceit


@pytest.mark.drill("a forged identity: another deployment's key")
def test_a_forged_identity(school: list[Pupil], outcome: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(identity, "keys", lambda: [b"another deployment's key........"])
        stranger = identity.tag(
            saved(portrait(77, 300, 400), "JPEG"), student_id=school[0].student_id, student_number="S-000"
        )
    storage_for().put("student_photos/stranger.jpg", stranger, content_type="image/jpeg")
    run("migrate_orphaned_photos", "--migrate", "--accept-names")
    counts = judge(school, same_students(school))
    outcome(**counts)
    assert counts["right"] == PUPILS


HOSTILE: dict[str, Any] = {
    "truncated": lambda good: good[: len(good) // 2],
    "not JSON": lambda _good: b"<xml/>",
    "0 bytes": lambda _good: b"",
    "a path for an id": lambda good: good.replace(good.split(b'"student_id": "')[1][:36], b"../../x", 1),
    "another school's": lambda _good: json.dumps(
        {
            "students": [
                {
                    "student_id": str(uuid.uuid4()),
                    "name": "Who",
                    "photo": "/api/photos/students/x/profile.jpg",
                }
            ]
        }
    ).encode(),
}


@pytest.mark.drill("five hostile backups")
def test_hostile_backups(school: list[Pupil], backup: Path, outcome: Any, tmp_path: Path) -> None:
    before = tree(), links()
    for name, spoil in HOSTILE.items():
        spoiled = tmp_path / f"{name.replace(' ', '_')}.json"
        spoiled.write_bytes(spoil(backup.read_bytes()))
        code, answer = run("restore_student_photos", "--backup-file", str(spoiled))
        assert code == 2, (name, answer)
    assert (tree(), links()) == before
    outcome(**judge(school, same_students(school)))


# Storage that cannot tell


@pytest.mark.drill("the disk is not mounted")
@pytest.mark.parametrize("each_storage", ["disk"], indirect=True)
def test_unmounted(school: list[Pupil], outcome: Any) -> None:
    before = links()
    root = Path(settings.STORAGES["default"]["OPTIONS"]["location"])
    away = root.rename(root.with_name("away"))
    for command in (
        ("restore_student_photos",),
        ("migrate_orphaned_photos", "--migrate"),
        ("migrate_orphaned_photos", "--clean", "--confirm"),
        ("cleanup_orphaned_photos", "--confirm"),
        ("verify_media",),
    ):
        code, answer = run(*command)
        assert code == 2, (command, answer)
    away.rename(root)
    assert links() == before
    outcome(**judge(school, same_students(school)))


@pytest.mark.drill("symbolic links to another student's folder and to /etc")
@pytest.mark.parametrize("each_storage", ["disk"], indirect=True)
def test_symlinks(school: list[Pupil], outcome: Any) -> None:
    root = Path(settings.STORAGES["default"]["OPTIONS"]["location"])
    (root / "student_photos" / "link.jpg").symlink_to("/etc/passwd")
    stranger = root / "photos" / "students" / str(uuid.uuid4())
    stranger.symlink_to(root / "photos" / "students" / str(school[0].student_id))
    before = links()
    _code, found = run("verify_media")
    assert len(found["symlinks"]) == 2
    run("migrate_orphaned_photos", "--migrate", "--accept-names")
    assert links() == before
    outcome(**judge(school, same_students(school)))


# What people do not want back


@pytest.mark.drill("restored from a backup older than a removal and an erasure")
def test_gone_on_purpose(school: list[Pupil], backup: Path, outcome: Any) -> None:
    today = same_students(school)
    remove_photo(student=today[0], actor=OLGA)
    run("erase_student", str(school[1].pk), "--confirm")
    run("restore_student_photos", "--create-students")
    counts = judge(school, same_students(school))
    outcome(**counts)
    assert counts == {"right": PUPILS - 2, "wrong": 0, "left": 2}
