"""Disaster drills: what became of everybody's photo, counted. `make drill` prints the table."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from photostore import keys
from photostore.storage import storage_for
from photostore.tests.inventory_files import run
from students import identity
from students.models import Student, StudentPhoto
from students.photos import remove_photo
from students.tests.backup_files import old, old_student
from students.tests.drill_school import (
    OLGA,
    PUPILS,
    Pupil,
    enter_again,
    judge,
    remove_all,
    reseed,
    same_students,
)
from students.tests.reseeding import forget_everything, links, tree
from testing.pictures import portrait, saved

pytestmark = pytest.mark.django_db(transaction=True)

# Reseeded databases


@pytest.mark.drill("reseeded, other ids and order, with numbers, no backup")
def test_reseeded_with_numbers(school: list[Pupil], outcome: Any) -> None:
    today = reseed(school)
    run("migrate_orphaned_photos", "--migrate")
    counts = judge(school, today)
    outcome(**counts)
    assert counts["right"] == PUPILS


@pytest.mark.drill("students' tables dropped and entered again, the register left behind")
def test_reseeded_beside_the_old_register(school: list[Pupil], outcome: Any) -> None:
    """Its rows still claim every file for integers that other children have by now."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("TRUNCATE students_student RESTART IDENTITY CASCADE")
    today = enter_again(school)
    run("restore_student_photos")
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
    # Of the two versions of each, only the export tells which one was today's.
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
@pytest.mark.s3
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
@pytest.mark.s3
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
    live = StudentPhoto.objects.of_profile().get(student_id=school[4].pk, replaced_at=None)
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
    ada, ben = (
        StudentPhoto.objects.of_profile().get(student_id=school[place].pk, replaced_at=None)
        for place in (0, 1)
    )
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


def spoiled(good: bytes, student_id: str) -> bytes:
    """A whole backup in which one student has another id."""
    return good.replace(good.split(b'"student_id": "')[1][:36], student_id.encode(), 1)


TWICE = str(uuid.uuid4())
HOSTILE: dict[str, Callable[[bytes], bytes]] = {
    "cut off": lambda good: good[: len(good) // 2],
    "not JSON": lambda _good: b"<xml/>",
    "0 bytes": lambda _good: b"",
    "a path for an id": lambda good: spoiled(good, "../../x"),
    "the same, old kind": lambda _good: old(old_student(student_id="../../x")),
    "a NUL for an id": lambda good: spoiled(good, "\\u0000"),
    "the same, of the old kind": lambda _good: old(old_student(student_id="\0")),
    "one student twice": lambda _good: old(old_student(student_id=TWICE), old_student(student_id=TWICE)),
    "another school's": lambda _good: json.dumps({"students": [old_student(name="Who")]}).encode(),
}
GIGABYTE = 1_000_000_000


@pytest.mark.drill("ten hostile backups: cut off, 0 bytes, 1 GB, ../../x, NUL, twice …")
def test_hostile_backups(school: list[Pupil], backup: Path, outcome: Any, tmp_path: Path) -> None:
    before = tree(), links()
    good = backup.read_bytes()
    files = {name: spoil(good) for name, spoil in HOSTILE.items()} | {"1 GB": b""}
    for name, content in files.items():
        path = tmp_path / f"{name.replace(' ', '_')}.json"
        path.write_bytes(content)
        if name == "1 GB":
            os.truncate(path, GIGABYTE)  # sparse: it takes no place
        for command in (
            ["restore_student_photos", "--create-students"],
            ["migrate_orphaned_photos", "--migrate"],
        ):
            if "another" in name and command[0].startswith("migrate"):
                continue  # its numbers are evidence of nobody here, and harm nobody
            code, answer = run(*command, "--backup-file", str(path))
            assert code == 2, (name, answer)
    assert (tree(), links()) == before
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
