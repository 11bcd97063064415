"""What a command could take for somebody's, or for wrong, and has to leave as it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from photostore.keys import student_attendance, student_safe
from photostore.models import Operation, QuarantinedFile
from photostore.storage import storage_for
from photostore.tests.inventory_files import run
from students import identity
from students.models import AttendancePhoto, Student, StudentPhoto
from students.slots import slot_of
from students.tests.reseeding import forget_everything
from students.tests.school import enrol, face, hand_in, likeness
from students.tombstones import Tombstone, add_tombstones


def put(key: str, data: bytes, alias: str = "default") -> None:
    storage_for(alias).put(key, data, content_type="image/jpeg")


def read(key: str) -> bytes:
    return storage_for().read(key, max_bytes=10**8)


def test_their_own_photo_in_the_place_of_another_of_theirs(api: Any) -> None:
    """The version is lost; what lies there may be the last copy of the former one."""
    ada = enrol(api, "Ada", photo=face(1))
    former = read(str(StudentPhoto.objects.of_profile().get().file))
    assert hand_in(api, ada["id"], face(2)).status_code == 200
    today = str(StudentPhoto.objects.of_profile().get(replaced_at=None).file)
    put(today, former)
    put(ada["profile_photo"], former)
    put(student_safe(UUID(ada["student_id"])), former, "safe")
    assert run("restore_student_photos", "--checksum")[1]["photos_missing"] == 1
    assert read(today) == former
    assert not QuarantinedFile.objects.exists()


def test_an_erased_picture_is_not_linked_to_whoever_came_back(api: Any) -> None:
    """Somebody entered the erased again by SQL, under the same UUID, and a copy of the file lies about."""
    ada = enrol(api, "Ada", photo=face(1))
    photo = StudentPhoto.objects.of_profile().get()
    assert run("create_seed_backup")[0] == 0
    forget_everything()
    add_tombstones(UUID(ada["student_id"]), [photo.sha256])
    Student.objects.create(name="Ada", student_id=UUID(ada["student_id"]))
    run("restore_student_photos")
    assert not StudentPhoto.objects.exists()


def test_an_erasure_buries_no_photo_of_the_next_child_of_that_integer(api: Any) -> None:
    ada = enrol(api, "Ada", photo=face(1))
    assert api.delete(f"/api/students/{ada['id']}/").status_code == 204
    Student.objects.create(pk=ada["id"], name="Bea")
    assert hand_in(api, ada["id"], face(2)).status_code == 200
    beas = StudentPhoto.objects.of_profile().get()
    assert run("erase_student", ada["student_id"], "--confirm")[0] == 0
    assert Tombstone.objects.filter(student_id=ada["student_id"]).exists()
    assert not Tombstone.objects.filter(sha256__in=[beas.sha256, beas.source_sha256]).exists()


def test_an_attendance_photo_that_says_another_half_day_is_not_adopted(api: Any) -> None:
    ada = Student.objects.create(name="Ada")
    key = student_attendance(ada.student_id, slot_of(timezone.localdate(), "AM"))
    of_afternoon = identity.tag(
        face(1),
        student_id=ada.student_id,
        student_number=None,
        attendance=f"{timezone.localdate()}_PM",
    )
    put(key, of_afternoon)
    said = run("adopt_media")[1]
    assert "another half-day" in str(said["left_for_a_person"])
    assert not AttendancePhoto.objects.exists()
    assert read(key) == of_afternoon


def test_an_adopted_photo_whose_old_file_was_purged_stays(api: Any) -> None:
    ada = Student.objects.create(name="Ada")
    put("old/ada.jpg", face(1))
    Student.objects.filter(pk=ada.pk).update(profile_photo="old/ada.jpg", photo_sha256="0" * 64)
    assert run("adopt_media")[1]["adopted"] == 1
    adoption = Operation.objects.get(command="adopt_media")
    QuarantinedFile.objects.update(quarantined_at=timezone.now() - timedelta(days=40))
    assert run("purge_quarantine", "--older-than", "30d")[0] == 0
    assert run("undo_photo_operation", str(adoption.pk))[0] == 1
    photo = StudentPhoto.objects.of_profile().get(student=ada, replaced_at=None)
    assert likeness(read(str(photo.file)), face(1)) < 6
