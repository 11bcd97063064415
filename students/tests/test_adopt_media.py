"""`adopt_media`: an old deployment's photos work afterwards as before, and can be given back as they were."""

from __future__ import annotations

from typing import Any

import pytest

from photostore.operations import last_undoable, undo
from photostore.storage import storage_for
from students import identity
from students.models import Student, StudentPhoto
from students.tests.school import enrol, face, likeness, stored
from students.tests.test_backups import OPERATOR, old, old_student, run


def put(alias: str, key: str, data: bytes) -> None:
    storage_for(alias).put(key, data, content_type="image/jpeg")


@pytest.fixture
def old_school(each_storage: str, db: None) -> list[Student]:
    """One under S0's name as PNG, one under S1's alone, one with a row of the old system, one of nobody's."""
    students = [Student.objects.create(name=name) for name in ("Ada", "Bea", "Cleo", "Dora")]
    put("default", f"student_photos/student_{students[0].pk}_profile.png", face(1, "PNG"))
    put("default", f"photos/students/{students[1].student_id}/profile.jpg", face(2))
    put("default", "old/cleo.jpg", face(3))
    Student.objects.filter(pk=students[2].pk).update(profile_photo="old/cleo.jpg", photo_sha256="0" * 64)
    put("default", f"student_photos/student_{students[3].pk}_profile.jpg", b"no picture")
    return students


def test_old_photos_become_known_under_their_names(old_school: list[Student]) -> None:
    before = stored()
    code, out, err = run("adopt_media")
    assert code == 0, err
    assert "Adopted: 3\nLeft for a person: 1" in out
    keys = [f"student_photos/student_{old_school[0].pk}_profile.png", None, "old/cleo.jpg"]
    for number, (student, key) in enumerate(zip(old_school, keys, strict=False), 1):
        student.refresh_from_db()
        if key:
            assert student.profile_photo.name == key
        photo = StudentPhoto.objects.get(student=student)
        data = storage_for().read(str(photo.file.name), max_bytes=10**8)
        assert data == storage_for().read(str(student.profile_photo.name), max_bytes=10**8)
        assert data == storage_for("safe").read(
            f"photos/students/{student.student_id}/profile.jpg", max_bytes=10**8
        )
        named = identity.read(data)
        assert named is not None and named.student_id == student.student_id
        assert likeness(data, face(number)) < 6
    assert before.keys() <= stored().keys(), "nothing is renamed"
    assert "Adopted: 0" in run("adopt_media")[1]
    assert run("restore_student_photos", "--verify-only", "--checksum")[0] == 0
    operation = last_undoable()
    assert operation is not None
    assert undo(operation, OPERATOR).skipped == 0
    assert stored() == before
    assert not StudentPhoto.objects.exists()
    assert Student.objects.get(pk=old_school[2].pk).photo_sha256 == "0" * 64


def test_two_names_with_two_faces_are_left_for_a_person(each_storage: str, db: None) -> None:
    ada = Student.objects.create(name="Ada")
    put("default", f"student_photos/student_{ada.pk}_profile.jpg", face(1))
    put("default", f"photos/students/{ada.student_id}/profile.jpg", face(2))
    assert "show different pictures" in run("adopt_media")[1]
    assert not StudentPhoto.objects.exists()


def test_another_students_photo_is_never_adopted(api: Any, db: None) -> None:
    bea = Student.objects.get(pk=enrol(api, "Bea", photo=face(1))["id"])
    ada = Student.objects.create(name="Ada")
    data = storage_for().read(str(bea.profile_photo.name), max_bytes=10**8)
    put("default", f"student_photos/student_{ada.pk}_profile.jpg", data)
    assert "says that it shows another student" in run("adopt_media")[1]
    assert StudentPhoto.objects.count() == 1


def test_a_backup_of_the_old_kind_links_what_lies_where_it_says(
    each_storage: str, db: None, tmp_path: Any
) -> None:
    entry = old_student()
    ada = Student.objects.create(name="Ada", student_id=entry["student_id"])
    put("safe", f"photos/students/{ada.student_id}/profile.jpg", face(1))
    backup = tmp_path / "seed_backup_20250101_0000.json"
    backup.write_bytes(old(entry, old_student(name="Bea")))
    code, out, err = run("restore_student_photos", "--backup-file", backup, "--create-students")
    assert code == 0, err
    ada.refresh_from_db()
    assert ada.profile_photo
    assert "Missing photo file: Bea (ID" in out
