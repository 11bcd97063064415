"""A file that only a row names, and whose identity names another student: it is not kept as this one's."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest

from photostore.storage import storage_for
from photostore.tests.inventory_files import keep, run
from students import identity
from students.models import Student, StudentPhoto
from students.tests.school import enrol, face, hand_in, likeness
from students.tombstones import add_tombstones
from testing.kept import stored

pytestmark = pytest.mark.django_db(transaction=True)


def put(key: str, data: bytes) -> None:
    storage_for().put(key, data, content_type="image/jpeg")


def ada_with_beas_photo() -> tuple[Student, bytes]:
    """Ada, whose row names a file of Bea's, which says so."""
    bea = Student.objects.create(name="Bea", student_number="B-1")
    ada = Student.objects.create(name="Ada", student_number="A-1")
    data = identity.tag(face(1), student_id=bea.student_id, student_number="B-1")
    key = f"student_photos/student_{ada.pk}_profile.jpg"
    put(key, data)
    Student.objects.filter(pk=ada.pk).update(profile_photo=key, photo_sha256="0" * 64)
    ada.refresh_from_db()
    return ada, data


@pytest.mark.parametrize("how", ["upload", "assign", "remove"])
def test_it_is_not_made_a_former_photo_of_hers_and_is_not_lost(api: Any, how: str) -> None:
    ada, beas = ada_with_beas_photo()
    if how == "upload":
        assert hand_in(api, ada.pk, face(2)).status_code == 200
    elif how == "assign":
        put("student_photos/x.jpg", face(2))
        assert run("match_profile_photos", "assign", str(ada.pk), "x.jpg")[0] == 0
    else:
        assert api.delete(f"/api/students/{ada.pk}/photo/").status_code == 204
    shown = [storage_for().read(str(photo.file), max_bytes=10**8) for photo in StudentPhoto.objects.all()]
    assert len(shown) == (0 if how == "remove" else 1)
    assert all(likeness(data, face(2)) < 6 for data in shown)
    assert beas in stored().values(), "it waits for a person"


def never_adopted(key: str) -> Student:
    ada = Student.objects.create(name="Ada")
    Student.objects.filter(pk=ada.pk).update(profile_photo=key, photo_sha256="0" * 64)
    return ada


def test_a_file_of_another_app_that_the_row_names_is_not_made_a_photo_of_hers(api: Any) -> None:
    ada = never_adopted("users/bob/images/1.jpg")
    keep("users/bob/images/1.jpg", face(1))
    assert hand_in(api, ada.pk, face(2)).status_code == 200
    assert StudentPhoto.objects.count() == 1


def test_an_erased_picture_is_not_kept(api: Any) -> None:
    ada = never_adopted("old/ada.jpg")
    put("old/ada.jpg", face(1))
    add_tombstones(ada.student_id, [sha256(face(1)).hexdigest()])
    assert hand_in(api, ada.pk, face(2)).status_code == 200
    assert StudentPhoto.objects.count() == 1


def test_an_earlier_version_made_todays_again_keeps_what_only_the_row_names(api: Any) -> None:
    ada = Student.objects.get(pk=enrol(api, "Ada", photo=face(2))["id"])
    assert api.delete(f"/api/students/{ada.pk}/photo/").status_code == 204
    put("old/ada.jpg", face(1))
    Student.objects.filter(pk=ada.pk).update(profile_photo="old/ada.jpg", photo_sha256="0" * 64)
    earlier = StudentPhoto.objects.of_profile().get()
    assert api.post(f"/api/students/{ada.pk}/photo-history/{earlier.sha256}/restore/").status_code == 200
    kept = StudentPhoto.objects.of_profile().get(replaced_at__isnull=False)
    assert likeness(storage_for().read(str(kept.file), max_bytes=10**8), face(1)) < 6
