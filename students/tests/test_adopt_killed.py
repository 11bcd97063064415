"""An adoption that is killed at any step: run again it is a whole one, and undone it never was."""

from __future__ import annotations

import pytest

from photostore.models import StoredFile
from photostore.storage import storage_for
from photostore.tests.inventory_files import grow_old
from students.models import Student
from students.tests.commands import run
from students.tests.killing import kill_everywhere
from students.tests.school import face, stored
from testing.kills.commands import killed_after, one_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(1800)]


@pytest.fixture
def old_deployment(each_storage: str) -> None:
    """A PNG under three names, and one attendance photo."""
    ada = Student.objects.create(name="Ada")
    folder = f"photos/students/{ada.student_id}"
    for key, data in (
        (f"student_photos/student_{ada.pk}_profile.png", face(1, "PNG")),
        (f"{folder}/profile.jpg", face(1, "PNG")),
        (f"{folder}/attendance/2025-01-10_AM.jpg", face(2)),
    ):
        storage_for().put(key, data, content_type="image/jpeg")


def adopt() -> None:
    code, out, err = run("adopt_media")
    assert (code, "Left for a person: 0" in out) == (0, True), out + err


def test_killed_anywhere_and_run_again_and_undone(old_deployment: None, each_storage: str) -> None:
    kill_everywhere("adopt_media", every=one_of(each_storage), at_least=20)


def test_the_rest_of_a_killed_adoption_is_nobodys_to_take(db: None) -> None:
    """The rows name what is not adopted yet: the sweep leaves it, and the next adoption takes it over."""
    students = [Student.objects.create(name=f"Student {number}") for number in range(4)]
    for student in students:
        key = f"old/{student.pk}.jpg"
        storage_for().put(key, face(student.pk), content_type="image/jpeg")
        Student.objects.filter(pk=student.pk).update(profile_photo=key, photo_sha256="0" * 64)
    left = f"old/{students[-1].pk}.jpg"
    storage_for().put("old/unowned.jpg", b"nobody's", content_type="image/jpeg")
    assert killed_after(30, "adopt_media")
    assert Student.objects.exclude(photos=None).exists()
    assert not StoredFile.objects.filter(key=left).exists()
    for file in storage_for().scan("old/"):
        grow_old(file.key)
    before = stored()
    output = run("cleanup_orphaned_photos", "--confirm", "--force")
    assert output[0] == 0, output
    assert {key for key in before if key not in stored()} == {"old/unowned.jpg"}
    adopt()
    assert Student.objects.exclude(photos=None).count() == len(students)
