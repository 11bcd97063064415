"""What was erased stays away through every channel, and a twin with the same picture keeps theirs."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings

from photostore.storage import storage_for
from photostore.tests.inventory_files import run as run_json
from students.models import Student, StudentPhoto
from students.tests.commands import backed_up, run
from students.tests.reseeding import forget_everything, migrate, right_and_wrong
from students.tests.school import enrol, face, hand_in, stored
from students.tombstones import Tombstone

Twins = tuple[Student, Student]


@pytest.fixture
def twins(api: Any, each_storage: str) -> Twins:
    """Ada and Bea, with the very same file as their photo."""
    made = [enrol(api, name, student_number=name, photo=face(1))["id"] for name in ("Ada", "Bea")]
    ada, bea = (Student.objects.get(pk=pk) for pk in made)
    return ada, bea


def erase(student: Student) -> dict[str, bytes]:
    """Erase, and give back what was there of theirs: somebody's copy of the disk brings it back."""
    before = stored()
    assert run("erase_student", str(student.pk), "--confirm")[0] == 0
    mine = (f"/{student.student_id}/", f"student_{student.pk}_")
    return {key: data for key, data in before.items() if any(one in key for one in mine)}


def put_back(files: dict[str, bytes]) -> None:
    for key, data in files.items():
        storage_for().put(key, data, content_type="image/jpeg")


def test_a_twin_is_linked_again_from_a_backup(twins: Twins) -> None:
    ada, bea = twins
    backed_up(settings.PHOTO_BACKUP_DIR)
    put_back(erase(ada))
    StudentPhoto.objects.all().delete()
    Student.objects.update(profile_photo="", photo_sha256="")
    code, out, _err = run("restore_student_photos", "--create-students")
    assert code == 0
    assert f"Restored: Bea (ID {bea.pk})" in out
    assert f"Erased: student {ada.student_id} is not brought back" in out
    assert StudentPhoto.objects.of_profile().get().student_id == bea.pk


def test_a_twin_is_migrated_after_a_reseed_and_the_erased_is_not(twins: Twins) -> None:
    ada, bea = twins
    faces = {0: StudentPhoto.objects.of_profile().get(student=bea).untagged_sha256}
    put_back(erase(ada))
    forget_everything()
    assert Tombstone.objects.exists()
    students = {
        0: Student.objects.create(name="Bea", student_number="Bea"),
        1: Student.objects.create(name="Ada", student_number="Ada"),
        2: Student.objects.create(name="Cleo"),
    }
    for student in students.values():
        student.save()
    for more in ((), ("--accept-names",), ("--by", "order", "--confirm")):
        assert migrate(*more)[0] == 0
        assert not StudentPhoto.objects.of_profile().exclude(student=students[0]).exists(), more
    # Without the number's hash in the rows only the name says whose it is; the order gave nobody Ada's.
    assert right_and_wrong(students, faces)[1] == 0


def test_assigning_an_erased_picture_is_refused_until_it_is_uploaded(api: Any, twins: Twins) -> None:
    ada, bea = twins
    cleo = enrol(api, "Cleo")
    hand_in(api, bea.pk, face(2))  # not hers any more
    StudentPhoto.objects.of_profile().filter(student=bea, replaced_at__isnull=False).delete()
    erase(ada)
    storage_for().put("student_photos/found.jpg", face(1), content_type="image/jpeg")
    code, said = run_json("match_profile_photos", "assign", str(cleo["id"]), "found.jpg")
    assert (code, "erased on request" in said["error"]) == (2, True)
    _code, said = run_json("match_profile_photos", "suggest")
    assert said["suggestions"][0]["notes"] == ["erased on request; stays away"]
    assert hand_in(api, cleo["id"], face(1)).status_code == 200
    assert run_json("match_profile_photos", "assign", str(cleo["id"]), "found.jpg")[0] == 0


def test_a_file_that_a_twin_has_on_record_may_be_assigned(api: Any, twins: Twins) -> None:
    ada, bea = twins
    erase(ada)
    storage_for().put("student_photos/found.jpg", face(1), content_type="image/jpeg")
    assert run_json("match_profile_photos", "assign", str(bea.pk), "found.jpg")[0] == 0
