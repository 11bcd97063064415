"""A documented name that another student's row gives: that photo is theirs today, and nobody takes it."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings

from photostore.storage import storage_for
from photostore.tests.inventory_files import run
from students.models import Student, StudentPhoto
from students.tests.commands import backed_up
from students.tests.reseeding import links, tree, undo_last
from students.tests.school import enrol, everything, face, hand_in, likeness
from testing.people import body_of

pytestmark = pytest.mark.django_db(transaction=True)


def put(key: str, data: bytes) -> None:
    storage_for().put(key, data, content_type="image/jpeg")


def documented(student: Student) -> str:
    return f"student_photos/student_{student.pk}_profile.jpg"


def names(student: Student, key: str, data: bytes | None) -> None:
    """A row of another system, and its file."""
    if data:
        put(key, data)
    Student.objects.filter(pk=student.pk).update(profile_photo=key, photo_sha256="0" * 64)
    student.refresh_from_db()


def shown(api: Any, student: Student) -> bytes:
    return body_of(api.get(f"/api/photos/students/{student.student_id}/profile.jpg"))


@pytest.fixture
def pair(each_storage: str, db: None) -> tuple[Student, Student]:
    """Ada, without a photo; and Bea, whose row names the file that is called as Ada's would be."""
    ada, bea = Student.objects.create(name="Ada"), Student.objects.create(name="Bea")
    names(bea, documented(ada), face(2))
    return ada, bea


def test_an_upload_adopts_the_others_photo_first(api: Any, pair: tuple[Student, Student]) -> None:
    ada, bea = pair
    before = tree(), links()
    assert hand_in(api, ada.pk, face(1)).status_code == 200
    bea.refresh_from_db()
    assert str(bea.profile_photo) == documented(bea)
    for student, seed in ((ada, 1), (bea, 2)):
        assert likeness(shown(api, student), face(seed)) < 6
    assert run("verify_media", "--checksum")[0] == 0
    assert api.delete(f"/api/students/{ada.pk}/photo/").status_code == 204
    StudentPhoto.objects.filter(student=ada).delete()
    (listed,) = run("list_photo_operations")[1]["operations"]
    assert (listed["command"], listed["done"]) == ("upload", 2)
    assert run("undo_photo_operation", listed["id"])[0] == 0
    assert {one: data for one, data in tree().items() if str(ada.student_id) not in one[1]} == before[0]
    assert shown(api, bea) == face(2), "as it was served before it was adopted"


def test_an_upload_is_refused_where_the_other_cannot_be_adopted(
    api: Any, pair: tuple[Student, Student]
) -> None:
    ada, bea = pair
    storage_for().remove(documented(ada))
    before = everything()
    answer = hand_in(api, ada.pk, face(1))
    assert (answer.status_code, answer.json()["code"]) == (409, "name_taken")
    assert "adopt_media" in answer.json()["detail"]
    assert everything() == before
    assert hand_in(api, bea.pk, face(3)).status_code == 200, "her own name is free"
    assert hand_in(api, ada.pk, face(1)).status_code == 200
    for student, seed in ((ada, 1), (bea, 3)):
        assert likeness(shown(api, student), face(seed)) < 6


def test_nor_is_it_lost_to_somebody_new(api: Any, pair: tuple[Student, Student]) -> None:
    _ada, bea = pair
    key = f"student_photos/student_{bea.pk + 1}_profile.jpg"
    names(bea, key, face(2))
    from students.tests.school import file_of

    answer = api.post(
        "/api/students/", {"name": "Cleo", "profile_photo": file_of(face(3))}, format="multipart"
    )
    assert answer.json()["profile_photo"] == key
    for student, seed in ((Student.objects.get(name="Cleo"), 3), (bea, 2)):
        assert likeness(shown(api, student), face(seed)) < 6


def test_an_assignment_is_refused(pair: tuple[Student, Student]) -> None:
    ada, _bea = pair
    put("student_photos/x.jpg", face(1))
    before = tree(), links()
    code, said = run("match_profile_photos", "assign", str(ada.pk), "x.jpg")
    assert (code, "Another person's photo" in said["error"]) == (2, True)
    assert (tree(), links()) == before


@pytest.mark.parametrize("more", [(), ("--trust-ids",)])
def test_adopted_it_gets_a_name_of_its_own_and_the_other_is_free(
    api: Any, pair: tuple[Student, Student], more: tuple[str, ...]
) -> None:
    ada, bea = pair
    before = tree(), links()
    assert run("adopt_media", *more)[1]["adopted"] == 1
    bea.refresh_from_db()
    assert str(bea.profile_photo) == documented(bea)
    assert run("adopt_media", *more)[1]["adopted"] == 0, "nobody takes what she left for Ada's"
    assert not StudentPhoto.objects.of_profile().filter(student=ada).exists()
    undone = undo_last()
    assert not undone.skipped, list(undone.left())
    assert (tree(), links()) == before

    assert run("adopt_media", *more)[1]["adopted"] == 1
    assert hand_in(api, ada.pk, face(1)).status_code == 200
    assert "has an owner" in next(undo_last().left()).note
    for student, seed in ((ada, 1), (bea, 2)):
        assert likeness(shown(api, student), face(seed)) < 6
    assert run("verify_media", "--checksum")[0] == 0


def test_two_who_have_each_others_name_are_both_adopted(api: Any, pair: tuple[Student, Student]) -> None:
    ada, bea = pair
    names(ada, documented(bea), face(1))
    before = tree(), links()
    assert run("adopt_media")[1]["adopted"] == 2
    for student, seed in ((ada, 1), (bea, 2)):
        assert likeness(shown(api, student), face(seed)) < 6
    assert not undo_last().skipped
    assert (tree(), links()) == before
    assert run("adopt_media")[1]["adopted"] == 2
    for student, seed in ((ada, 3), (bea, 4)):
        assert hand_in(api, student.pk, face(seed)).status_code == 200
        assert likeness(shown(api, student), face(seed)) < 6
        student.refresh_from_db()
        assert str(student.profile_photo) == documented(student)
    assert run("verify_media", "--checksum")[0] == 0


def test_a_file_that_two_rows_name_is_nobodys_copy(api: Any, pair: tuple[Student, Student]) -> None:
    ada, bea = pair
    for student in pair:
        names(student, "old/class.jpg", face(2))
    before = tree(), links()
    code, said = run("adopt_media")
    assert (code, said["adopted"]) == (0, 0), "nobody can tell whose face it is"
    assert {line["id"] for line in said["left_for_a_person"]} == {ada.pk, bea.pk}
    assert (tree(), links()) == before
    assert hand_in(api, ada.pk, face(1)).status_code == 200
    assert likeness(shown(api, ada), face(1)) < 6
    assert ("default", "old/class.jpg") in tree(), "it may be the other's"


def test_a_restore_leaves_it_for_a_person(api: Any, each_storage: str) -> None:
    ada = Student.objects.get(pk=enrol(api, "Ada", photo=face(1))["id"])
    bea = Student.objects.create(name="Bea")
    backed_up(settings.PHOTO_BACKUP_DIR)
    StudentPhoto.objects.all().delete()
    from photostore.models import StoredFile
    from photostore.register.after_commit import finish_all_commits

    Student.objects.filter(pk=ada.pk).update(profile_photo="", photo_sha256="")
    StoredFile.objects.filter(kind="export").delete()
    finish_all_commits()
    names(bea, documented(ada), face(2))
    code, said = run("restore_student_photos")
    assert (code, "another student's photo" in str(said["left_for_a_person"])) == (0, True), said
    assert storage_for().read(documented(ada), max_bytes=10**7) == face(2)
    assert run("adopt_media")[1]["adopted"] == 1
    assert run("restore_student_photos")[0] == 0
    for student, seed in ((ada, 1), (bea, 2)):
        assert likeness(shown(api, student), face(seed)) < 6
