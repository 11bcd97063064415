"""`adopt_media`: an old deployment's photos work afterwards as before, and can be given back as they were."""

from __future__ import annotations

from typing import Any

import pytest

from photostore.operations import last_undoable, undo
from photostore.storage import storage_for
from students import identity
from students.models import AttendancePhoto, Student, StudentPhoto
from students.tests.backup_files import old, old_student
from students.tests.commands import OPERATOR, run
from students.tests.school import enrol, face, likeness, stored


def put(alias: str, key: str, data: bytes) -> None:
    storage_for(alias).put(key, data, content_type="image/jpeg")


@pytest.fixture
def old_school(each_storage: str, db: None) -> list[Student]:
    """One under S0's name as PNG, one under S1's alone, one with a row of the old system, one of nobody's."""
    students = [Student.objects.create(name=name) for name in ("Ada", "Bea", "Cleo", "Dora")]
    named = f"student_photos/student_{students[0].pk}_profile.png"
    put("default", named, face(1, "PNG"))
    Student.objects.filter(pk=students[0].pk).update(profile_photo=named, photo_sha256="0" * 64)
    put("default", f"photos/students/{students[1].student_id}/profile.jpg", face(2))
    put("default", "old/cleo.jpg", face(3))
    Student.objects.filter(pk=students[2].pk).update(profile_photo="old/cleo.jpg", photo_sha256="0" * 64)
    put("default", f"student_photos/student_{students[3].pk}_profile.jpg", b"no picture")
    return students


@pytest.mark.s3
def test_old_photos_become_known_under_their_names(old_school: list[Student]) -> None:
    before = stored()
    code, out, err = run("adopt_media")
    assert code == 0, err
    assert "Adopted: 3\nAttendance photos adopted: 0\nLeft for a person: 1" in out
    keys = [f"student_photos/student_{old_school[0].pk}_profile.png", None, "old/cleo.jpg"]
    for number, (student, key) in enumerate(zip(old_school, keys, strict=False), 1):
        student.refresh_from_db()
        if key:
            assert student.profile_photo.name == key
        photo = StudentPhoto.objects.of_profile().get(student=student)
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


@pytest.mark.parametrize("knows_ids", [True, False])
def test_the_integers_of_students_who_are_made_again_may_be_other_childrens(
    each_storage: str, db: None, tmp_path: Any, *, knows_ids: bool
) -> None:
    """The old school's photos lie under its integers; the new one hands them out anew."""
    last = Student.objects.create(name="Somebody").pk
    Student.objects.all().delete()
    first, second = last + 1, last + 2
    for pk in (first, second):
        put("default", f"student_photos/student_{pk}_profile.jpg", face(pk))
    # Written in the other order, as from a table that was sorted by name.
    entries = [old_student(name="Ada", id=second), old_student(name="Bea", id=first)]
    if not knows_ids:
        for entry in entries:
            del entry["id"]
    backup = tmp_path / "seed_backup_20250101_0000.json"
    backup.write_bytes(old(*entries))
    put("safe", f"photos/students/{entries[0]['student_id']}/profile.jpg", face(second))
    code, out, err = run("restore_student_photos", "--backup-file", backup, "--create-students")
    assert code == 0, err
    for student, pk in zip(Student.objects.order_by("name"), (second, first), strict=True):
        photo = StudentPhoto.objects.of_profile().filter(student=student).first()
        if photo:
            assert likeness(storage_for().read(str(photo.file), max_bytes=10**8), face(pk)) < 6, student
    assert StudentPhoto.objects.count() == (2 if knows_ids else 0)
    assert ("nothing else" in out) == (not knows_ids)


def test_an_id_in_a_name_is_no_proof(each_storage: str, db: None) -> None:
    """The school may have been reseeded before: then the integer was another child's."""
    ada = Student.objects.create(name="Ada")
    key = f"student_photos/student_{ada.pk}_profile.jpg"
    put("default", key, face(1))
    before = stored()
    code, out, _err = run("adopt_media")
    assert code == 0
    assert "Adopted: 0\nAttendance photos adopted: 0\nLeft for a person: 1" in out
    assert f"{key} has the student's id in its name, and nothing else says whose it is." in out
    assert "--trust-ids" in out
    assert stored() == before
    assert not StudentPhoto.objects.exists()
    assert "Adopted: 1" in run("adopt_media", "--trust-ids")[1]
    assert likeness(storage_for().read(key, max_bytes=10**8), face(1)) < 6
    undo_the_last()
    assert stored() == before


def test_attendance_photos_of_an_old_deployment_are_adopted_and_given_back(
    api: Any, each_storage: str, db: None
) -> None:
    ada, bea = (Student.objects.create(name=name) for name in ("Ada", "Bea"))
    folder = f"photos/students/{ada.student_id}/attendance"
    put("default", f"{folder}/2025-01-10_AM.jpg", face(1))
    put("default", f"{folder}/2025-01-10_PM.jpg", face(2, "PNG"))
    put("default", f"{folder}/2025-01-11_AM.jpg", b"no picture")
    bea_photo = identity.tag(
        face(3), student_id=bea.student_id, student_number=None, attendance="2025-01-12_AM"
    )
    put("default", f"{folder}/2025-01-12_AM.jpg", bea_photo)
    before = stored()
    code, out, err = run("adopt_media")
    assert code == 0, err
    assert "Adopted: 0\nAttendance photos adopted: 2\nLeft for a person: 2" in out
    assert "it says that it shows another student" in out
    assert before.keys() <= stored().keys(), "nothing is renamed"
    rows = {row.session: row for row in AttendancePhoto.objects.filter(student=ada)}
    for session, number in (("AM", 1), ("PM", 2)):
        row = rows[session]
        assert (str(row.date), f"{folder}/{row.slot}.jpg" in stored()) == ("2025-01-10", True)
        data = stored()[str(row.file)]
        named = identity.read(data)
        assert named is not None and named.attendance == f"2025-01-10_{session}"
        assert likeness(data, face(number)) < 6
        answer = api.get(f"/api/photos/students/{ada.student_id}/attendance/2025-01-10_{session}.jpg")
        assert b"".join(answer.streaming_content) == data
    assert "Attendance photos adopted: 0" in run("adopt_media")[1]
    undo_the_last()
    assert stored() == before
    assert not AttendancePhoto.objects.exists()


def test_no_old_name_ends_as_an_orphan(each_storage: str, db: None, settings: Any) -> None:
    """S1's safe copy on `default`, the only one there is; and the same picture under several names."""
    ada, bea, cleo = (Student.objects.create(name=name) for name in ("Ada", "Bea", "Cleo"))
    put("default", f"photos/students/{ada.student_id}/profile.jpg", face(1))
    for key in (
        f"student_photos/student_{bea.pk}_profile.jpg",
        f"student_photos/student_{bea.pk}_profile.png",
    ):
        put("default", key, face(2, "PNG"))
    put("default", f"photos/students/{bea.student_id}/profile.jpg", face(2, "PNG"))
    put("default", "old/cleo.jpg", face(3))
    put("default", f"photos/students/{cleo.student_id}/profile.jpg", face(3))
    Student.objects.filter(pk=cleo.pk).update(profile_photo="old/cleo.jpg", photo_sha256="0" * 64)
    before = stored()
    assert "Adopted: 3\nAttendance photos adopted: 0\nLeft for a person: 0" in run("adopt_media")[1]
    assert before.keys() <= stored().keys()
    code, out, _err = run("verify_media", "--checksum")
    assert code == 0, out
    assert "orphan" not in out
    for student in (ada, bea, cleo):
        student.refresh_from_db()
        version = StudentPhoto.objects.of_profile().get(student=student)
        data = storage_for().read(str(version.file), max_bytes=10**8)
        for key in before:
            if str(student.student_id) in key or f"student_{student.pk}_" in key:
                assert storage_for().read(key, max_bytes=10**8) == data, key
    undo_the_last()
    assert stored() == before


def test_a_name_with_another_picture_is_told(each_storage: str, db: None) -> None:
    """The row says which one is the photo; the other is neither lost nor passed over in silence."""
    ada = Student.objects.create(name="Ada")
    other = f"student_photos/student_{ada.pk}_profile.jpg"
    put("default", "old/ada.jpg", face(1))
    put("default", other, face(2))
    Student.objects.filter(pk=ada.pk).update(profile_photo="old/ada.jpg", photo_sha256="0" * 64)
    _code, out, _err = run("adopt_media")
    assert "Adopted: 1\nAttendance photos adopted: 0\nLeft for a person: 1" in out
    assert f"{other} is not their photo of today" in out
    assert stored()[other] == face(2)
    assert run("match_profile_photos", "assign", str(ada.pk), other)[0] == 0, "and a person may decide"
    assert StudentPhoto.objects.of_profile().filter(student=ada).count() == 2


def undo_the_last() -> None:
    operation = last_undoable()
    assert operation is not None
    assert undo(operation, OPERATOR).skipped == 0


def test_students_without_a_photo_cost_a_listing_and_no_look_each(
    each_storage: str, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bucket would be asked eight to ten times for each of them, on every run."""
    ada, bea, *_rest = [Student.objects.create(name=name) for name in ("Ada", "Bea", "Cleo", "Dora")]
    Student.objects.filter(pk=ada.pk).update(profile_photo="old/gone.jpg", photo_sha256="0" * 64)
    asked: list[str] = []
    for alias in ("default", "safe"):
        kind = type(storage_for(alias))
        look = kind.stat

        def counted(self: Any, key: str, look: Any = look) -> Any:
            asked.append(key)
            return look(self, key)

        monkeypatch.setattr(kind, "stat", counted)
        if type(storage_for("safe")) is kind:
            break
    assert run("adopt_media")[0] == 0
    assert asked == []
    put("safe", f"photos/students/{bea.student_id}/profile.jpg", face(1))
    assert "Adopted: 1" in run("adopt_media")[1]
