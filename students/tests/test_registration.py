"""What the inventory is told about students' files: swapped faces are an alarm, and locks have owners."""

from __future__ import annotations

from typing import Any

import pytest

from photostore import keys
from photostore.models import StoredFile
from photostore.storage import storage_for
from photostore.tests.inventory_files import run
from students.models import OWNER_LABEL, Student
from students.registration import owners_of_keys
from students.tests.school import enrol, face

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def two(api: Any) -> tuple[Student, Student]:
    ada, ben = (enrol(api, name, photo=face(seed)) for seed, name in enumerate(("Ada", "Ben")))
    return Student.objects.get(pk=ada["id"]), Student.objects.get(pk=ben["id"])


def original(student: Student) -> StoredFile:
    return StoredFile.objects.get(kind="original", owner_label=OWNER_LABEL, owner_id=str(student.pk))


def bytes_of(row: StoredFile) -> bytes:
    return storage_for().read(row.key, max_bytes=10_000_000)


@pytest.mark.s3
def test_a_school_in_order_is_well(each_storage: str, two: Any) -> None:
    code, told = run("verify_media", "--checksum")
    assert (code, told["misplaced"], told["damaged"]) == (0, [], [])


def test_swapped_faces_are_told_without_reading_everything(two: Any) -> None:
    ada, ben = (original(student) for student in two)
    his, hers = bytes_of(ben), bytes_of(ada)
    storage_for().put(ada.key, his, content_type="image/jpeg")
    storage_for().put(ben.key, hers, content_type="image/jpeg")
    code, told = run("verify_media")
    assert code == 1
    assert set(told["misplaced"]) == set(told["damaged"]) == {ada.key, ben.key}


def test_rows_that_give_a_photo_to_somebody_else_are_told(two: Any) -> None:
    """The bytes are those that the row states; only the identity inside knows better."""
    ada, ben = two
    StoredFile.objects.filter(pk=original(ada).pk).update(owner_id=str(ben.pk))
    code, told = run("verify_media", "--checksum")
    assert (code, len(told["misplaced"]), told["damaged"]) == (1, 1, [])


def test_every_key_of_a_student_has_the_students_lock(two: Any) -> None:
    ada, _ben = two
    for key in (
        keys.student_documented(ada.pk, "jpg"),
        keys.student_safe(ada.student_id),
        keys.student_version(ada.student_id, "0" * 64, "jpg"),
        keys.student_thumbnail(ada.student_id, "0" * 64, "96"),
    ):
        owner = owners_of_keys([key])[key]
        assert owner.lock == f"{OWNER_LABEL}:{ada.pk}"
    nobodys = ["photos/students/------------------------------------/a", "users/ada/images/a.jpg"]
    assert not owners_of_keys(nobodys)
