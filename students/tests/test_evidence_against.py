"""What speaks against giving a file to somebody, when something else speaks for it."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils import timezone

from photostore import tags
from photostore.storage import storage_for
from photostore.tests.inventory_files import run
from students import identity
from students.models import FormerStudentNumber, Student, StudentPhoto
from students.tests.reseeding import forget_everything, migrate, old_school, reseed
from students.tests.school import enrol, face, hand_in, likeness
from testing.kept import stored


def put(key: str, data: bytes) -> None:
    storage_for().put(key, data, content_type="image/jpeg")


def entered(name: str, number: str) -> Student:
    return Student.objects.create(name=name, student_number=number)


def read(photo: StudentPhoto) -> bytes:
    return storage_for().read(str(photo.file), max_bytes=10**8)


def is_given(data: bytes) -> bool:
    return any(tags.strip(read(photo)) == tags.strip(data) for photo in StudentPhoto.objects.all())


def test_a_number_of_two_others_blocks_the_identity_of_a_third(api: Any) -> None:
    entered("Ada", "N")
    bea, cleo = entered("Bea", "B"), entered("Cleo", "C")
    FormerStudentNumber.objects.create(student=bea, student_number="N")
    put("student_photos/x.jpg", identity.tag(face(1), student_id=cleo.student_id, student_number="N"))
    code, said = migrate("--accept-names")
    assert (code, said["students"], said["left"][0]["state"]) == (0, 0, "blocked")
    assert not StudentPhoto.objects.exists()


def test_a_face_of_somebody_unknown_is_not_of_whose_name_it_lies_under(api: Any) -> None:
    """The backup's old id leads to Ada; the identity inside names somebody whom nobody knows."""
    ada = enrol(api, "Ada", student_number="A", photo=face(1))
    assert run("create_seed_backup")[0] == 0
    unknown = identity.tag(face(5), student_id=uuid.uuid4(), student_number=None)
    put(ada["profile_photo"], unknown)
    forget_everything()
    entered("Ada", "A")
    assert migrate()[1]["students"] == 1, "her own, out of her folder"
    assert not is_given(unknown)


def test_a_picture_that_the_backup_does_not_know_is_not_of_whose_name_it_lies_under(api: Any) -> None:
    ada = enrol(api, "Ada", student_number="A", photo=face(1))
    assert run("create_seed_backup")[0] == 0
    put(ada["profile_photo"], face(5))
    forget_everything()
    entered("Ada", "A")
    assert migrate()[1]["students"] == 1, "her own, out of her folder"
    assert not any(likeness(read(photo), face(5)) < 6 for photo in StudentPhoto.objects.all())


def test_a_picture_of_two_in_the_backup_is_not_of_the_one_who_is_here(api: Any) -> None:
    enrol(api, "Ada", student_number="A", photo=face(1))
    enrol(api, "Bea", student_number="B", photo=face(1))
    assert run("create_seed_backup")[0] == 0
    bare = tags.strip(read(StudentPhoto.objects.all()[0]))
    forget_everything()
    for alias in ("default", "safe"):
        for key in stored(alias):
            storage_for(alias).remove(key)
    entered("Ada", "A")
    put("student_photos/x.jpg", bare)
    assert migrate()[1]["students"] == 0
    assert not StudentPhoto.objects.exists()


def test_a_name_gives_nothing_to_somebody_who_has_a_photo(api: Any) -> None:
    old_school(api, numbers=False)
    assert run("create_seed_backup")[0] == 0
    students = reseed(numbers=False)
    assert hand_in(api, students[0].pk, face(50)).status_code == 200
    assert migrate("--accept-names")[1]["students"] == len(students) - 1
    assert StudentPhoto.objects.of_profile().filter(student=students[0]).count() == 1


def test_a_restore_gives_nobody_a_photo_whose_identity_is_anothers(api: Any) -> None:
    """A row that somebody moved to another student, and a backup of ours that repeats it."""
    ada = enrol(api, "Ada", student_number="A", photo=face(1))
    bea = enrol(api, "Bea", student_number="B", photo=face(2))
    beas = StudentPhoto.objects.of_profile().filter(student=bea["id"])
    beas.update(student=ada["id"], replaced_at=timezone.now())
    assert run("create_seed_backup")[0] == 0
    forget_everything()
    said = run("restore_student_photos", "--create-students")[1]
    assert "names another student" in str(said["left_for_a_person"])
    adas = StudentPhoto.objects.of_profile().filter(student__name="Ada")
    assert [likeness(read(photo), face(1)) < 6 for photo in adas] == [True]
