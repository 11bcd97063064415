"""Who has everything is seen at a glance, thousands at once: the same is said as of one after the other."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from photostore.models import StoredFile
from photostore.storage import storage_for
from students.models import Student, StudentPhoto
from students.photos import upload_photo
from students.recovery.restore import run as restore_run
from students.slots import slot_of
from students.tests.commands import OPERATOR, backed_up
from students.tests.legacy_school import sql
from students.tests.losing import lose, restore
from students.tests.school import enrol, face, hand_in
from students.versions import take_in

HARMED = (
    "nothing",
    "no photo",
    "version gone",
    "export cut off",
    "thumbnail gone",
    "attendance gone",
    "attendance row gone",
    "legacy row",
    "row gone",
    "register's row gone",
    "not current",
    "unlinked",
)


def attended(student: Student, number: int) -> None:
    upload_photo(
        student=student,
        slot=slot_of(datetime.date(2026, 11, 20), "AM"),
        incoming=take_in(face(number), filename="a.jpg", origin="api"),
        actor=OPERATOR,
    )


@pytest.fixture
def school(api: Any, tmp_path: Path) -> Path:
    """One student for each harm, each with two versions and an attendance photo; the backup of before."""
    for number, harm in enumerate(HARMED):
        made = enrol(api, harm, photo=None if harm == "no photo" else face(number))
        if harm != "no photo":
            hand_in(api, made["id"], face(number + 20))
            attended(Student.objects.get(pk=made["id"]), number + 40)
    backup = backed_up(tmp_path)
    students = {student.name: student for student in Student.objects.all()}
    for harm, student in students.items():
        harm_one(harm, student)
    return backup


def harm_one(harm: str, student: Student) -> None:
    pk, theirs = student.pk, f"students/{student.student_id}/"
    photos = StudentPhoto.objects.of_profile().filter(student=student)
    originals = StoredFile.objects.filter(owner_id=str(pk), kind="original")
    do: dict[str, Callable[[], object]] = {
        "version gone": lambda: lose("default", str(photos.get(replaced_at=None).file)),
        "export cut off": lambda: storage_for().put(
            str(student.profile_photo), b"cut off", content_type="image/jpeg"
        ),
        "thumbnail gone": lambda: lose("default", f"derived/{theirs}"),
        "attendance gone": lambda: lose("default", f"photos/{theirs}attendance/"),
        "attendance row gone": lambda: sql(
            "DELETE FROM students_studentphoto WHERE student_id = %s AND slot <> 'profile'", pk
        ),
        "legacy row": lambda: (
            sql("DELETE FROM students_studentphoto WHERE student_id = %s", pk),
            sql("DELETE FROM photostore_storedfile WHERE owner_id = %s", str(pk)),
        ),
        "row gone": lambda: sql(
            "DELETE FROM students_studentphoto WHERE student_id = %s AND replaced_at IS NOT NULL",
            pk,
        ),
        "register's row gone": lambda: sql(
            "DELETE FROM photostore_storedfile WHERE id = %s", originals.filter(live=False).get().pk
        ),
        "not current": lambda: photos.update(replaced_at=datetime.datetime.now(datetime.UTC)),
        "unlinked": lambda: sql(
            "UPDATE students_student SET profile_photo = '', photo_sha256 = '' WHERE id = %s", pk
        ),
    }
    do.get(harm, lambda: None)()


@pytest.mark.parametrize("with_backup", [True, False])
def test_both_say_the_same(school: Path, with_backup: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ["--verify-only", *(["--backup-file", str(school)] if with_backup else [])]
    code, quickly, _err = restore(*asked)
    glanced = []
    by_itself = restore_run.Restoration._is_whole
    monkeypatch.setattr(
        restore_run.Restoration,
        "_is_whole",
        lambda run, one: glanced.append((one.name, by_itself(run, one))) and False,
    )
    again, slowly, _err = restore(*asked)
    told = [re.sub("Started at .*", "", said) for said in (quickly, slowly)]
    assert (code, told[0]) == (again, told[1])
    assert code == 1
    whole = {name for name, is_whole in glanced if is_whole}
    assert {"nothing", "no photo"} <= whole
    assert whole <= {"nothing", "no photo", "attendance row gone", "row gone"}  # the backup alone knows these
