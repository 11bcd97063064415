"""A school whose database was made anew: the files are there, the rows are others."""

from __future__ import annotations

from typing import Any

from django.db import connection

from photostore.models import Operation
from photostore.storage import storage_for
from photostore.tests.inventory_files import run
from students.models import AttendancePhoto, Student, StudentPhoto
from students.tests import commands
from students.tests.school import enrol, face, file_of, hand_in, stored
from testing.once import made_once

NAMES = ("Ada Lovelace", "Grace Hopper", "Alan Turing", "Emmy Noether")
TABLES = (
    *("students_student", "students_studentphoto", "students_formerstudentnumber"),
    *("photostore_storedfile", "photostore_pendingremoval"),
)


def migrate(*more: str) -> tuple[int, dict[str, Any]]:
    return run("migrate_orphaned_photos", "--migrate", *more)


@made_once
def old_school(api: Any, names: tuple[str, ...] = NAMES, *, numbers: bool = True) -> dict[int, str]:
    """Students with two versions each and an attendance photo; today's untagged sha256 by place."""
    faces = {}
    for place, name in enumerate(names):
        fields = {"student_number": f"S-{place}"} if numbers else {}
        pk = enrol(api, name, photo=face(100 + place), **fields)["id"]
        assert hand_in(api, pk, face(place)).status_code == 200
        answer = api.post(
            f"/api/students/{pk}/attendance-photos/",
            {"date": "2026-11-20", "session": "AM", "image": file_of(face(200 + place))},
            format="multipart",
        )
        assert answer.status_code == 201, answer.content
        faces[place] = StudentPhoto.objects.of_profile().get(student_id=pk, replaced_at=None).untagged_sha256
    return faces


def forget_everything() -> None:
    """The database is as new; no trigger ran."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"TRUNCATE {', '.join(TABLES)} RESTART IDENTITY CASCADE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def reseed(names: tuple[str, ...] = NAMES, *, numbers: bool = True) -> dict[int, Student]:
    """The same school in another order, under other UUIDs, and ids that others had."""
    forget_everything()
    made = {}
    for place in (*range(1, len(names)), 0):
        number = f"S-{place}" if numbers else None
        made[place] = Student.objects.create(name=names[place], student_number=number)
    return made


def right_and_wrong(students: dict[int, Student], faces: dict[int, str]) -> tuple[int, int]:
    """How many have their own face, and how many another's; judged by rows and by bytes."""
    right = wrong = 0
    for place, student in students.items():
        student.refresh_from_db()
        if not student.photo_sha256:
            continue
        today = StudentPhoto.objects.of_profile().get(student=student, replaced_at=None)
        documented = storage_for().read(str(student.profile_photo), max_bytes=2**26)
        assert documented == storage_for().read(str(today.file), max_bytes=2**26)
        right += today.untagged_sha256 == faces[place]
        wrong += today.untagged_sha256 != faces[place]
    return right, wrong


def links() -> dict[str, Any]:
    """All that says whose photo is whose; ids that a second try makes anew are left out."""
    students = Student.objects.order_by("pk")
    photos = StudentPhoto.objects.of_profile().order_by("student", "sha256")
    attendance = AttendancePhoto.objects.order_by("student", "sha256")
    return {
        "students": list(students.values_list("pk", "student_id", "profile_photo", "photo_sha256")),
        "photos": [
            (photo.student_id, photo.sha256, str(photo.file), photo.replaced_at is None) for photo in photos
        ],
        "attendance": list(attendance.values_list("student", "slot", "file", "sha256")),
    }


def tree() -> dict[tuple[str, str], bytes]:
    """Every file but thumbnails; the operation's own name is left out of quarantine."""
    found = {}
    for alias in ("default", "safe"):
        for key, data in stored(alias).items():
            parts = key.split("/")
            if parts[0] == "quarantine":
                parts[1] = "operation"
            if parts[0] != "derived":
                found[(alias, "/".join(parts))] = data
    return found


def undo_last() -> Any:
    from photostore.audit import Actor
    from photostore.operations import last_undoable, undo

    operation = last_undoable()
    assert isinstance(operation, Operation)
    return undo(operation, Actor(id="", name="olga", channel="command"))


def erase(student: Student, *more: str) -> str:
    code, out, err = commands.run("erase_student", str(student.student_id), "--confirm", *more)
    assert code == 0, err
    return out


def files_of(*ids: Any) -> dict[tuple[str, str], bytes]:
    """Everything in a folder, or in quarantine, of one of these ids."""
    return {
        (alias, key): data
        for alias in ("default", "safe")
        for key, data in stored(alias).items()
        if any(str(one) in key for one in ids)
    }


def old_id_of(name: str) -> Any:
    return Student.objects.get(name=name).student_id


def enter_again(name: str = NAMES[0], number: str | None = "S-0") -> Student:
    return Student.objects.create(name=name, student_number=number)


def nothing_comes_back_to(student: Student, *more: str) -> None:
    for arguments in (more, ("--deleted", *more)):
        assert migrate(*arguments)[0] == 0
        student.refresh_from_db()
        assert not student.photo_sha256
        assert not StudentPhoto.objects.of_profile().filter(student=student).exists()
