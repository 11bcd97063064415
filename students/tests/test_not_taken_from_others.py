"""What is somebody's today is taken away by no erasure, no undo and no upload of another's."""

from __future__ import annotations

from typing import Any

from photostore.models import StoredFile
from photostore.storage import storage_for
from photostore.tests.inventory_files import run
from students.models import Student, StudentPhoto
from students.tests.reseeding import forget_everything
from students.tests.school import enrol, face, hand_in, likeness
from testing.people import body_of


def shown(api: Any, student: Student) -> bytes:
    return body_of(api.get(f"/api/photos/students/{student.student_id}/profile.jpg"))


def test_an_erasure_takes_nothing_of_a_namesake_who_is_here(api: Any) -> None:
    """The backup is older than the erased, and has the namesake with the same picture."""
    other = Student.objects.get(pk=enrol(api, "Ada", photo=face(1))["id"])
    assert run("create_seed_backup")[0] == 0
    ada = enrol(api, "Ada", photo=face(1))
    assert run("erase_student", ada["student_id"], "--confirm")[0] == 0
    assert Student.objects.get() == other
    assert likeness(shown(api, other), face(1)) < 6


def test_an_undo_removes_nobody_who_has_a_photo_since(api: Any) -> None:
    enrol(api, "Ada")
    assert run("create_seed_backup")[0] == 0
    forget_everything()
    assert run("restore_student_photos", "--create-students")[0] == 0
    ada = Student.objects.get()
    assert hand_in(api, ada.pk, face(1)).status_code == 200
    assert run("undo_photo_operation", "--last")[0] == 1
    assert Student.objects.get() == ada
    assert likeness(shown(api, ada), face(1)) < 6


def test_a_name_that_the_register_alone_gives_to_another_is_taken(api: Any) -> None:
    bea = enrol(api, "Bea", photo=face(2))
    ada = Student.objects.create(name="Ada")
    key = f"student_photos/student_{ada.pk}_profile.jpg"
    copy = StoredFile.objects.get(key=bea["profile_photo"])
    storage_for().copy(copy.key, key, content_type="image/jpeg")
    copy.pk, copy.key, copy._state.adding = None, key, True
    copy.save()
    assert hand_in(api, ada.pk, face(1)).json()["code"] == "name_taken"
    assert StoredFile.objects.get(key=key).owner_id == str(bea["id"])
    assert not StudentPhoto.objects.of_profile().filter(student=ada).exists()
