"""A photo that only a row knows, before `adopt_media` ran: whatever replaces it, it is not lost."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from photostore.storage import storage_for
from photostore.tests.inventory_files import run
from students.models import Student, StudentPhoto
from students.tests.reseeding import links, migrate, tree, undo_last
from students.tests.school import enrol, face, hand_in, likeness
from testing.kept import stored
from testing.kills.commands import Killing
from testing.people import body_of

pytestmark = pytest.mark.django_db(transaction=True)
NAMES = ("student_photos/student_{pk}_profile.jpg", "student_photos/student_{pk}_profile.png", "old/ada.jpg")
OLD = face(1)


def read(key: str) -> bytes:
    return storage_for().read(key, max_bytes=10**8)


def never_adopted(name: str = NAMES[0], **fields: Any) -> Student:
    ada = Student.objects.create(name="Ada", **fields)
    key = name.format(pk=ada.pk)
    storage_for().put(key, OLD, content_type="image/jpeg")
    Student.objects.filter(pk=ada.pk).update(profile_photo=key, photo_sha256="0" * 64)
    ada.refresh_from_db()
    return ada


def unowned_file(data: bytes = face(2)) -> None:
    storage_for().put("student_photos/x.jpg", data, content_type="image/jpeg")


def former(student: Student) -> bytes:
    return read(str(StudentPhoto.objects.of_profile().get(student=student, replaced_at__isnull=False).file))


@pytest.mark.parametrize("name", NAMES)
def test_an_assignment_keeps_it_and_its_undo_gives_it_back(each_storage: str, name: str) -> None:
    ada = never_adopted(name)
    unowned_file()
    before = tree(), links()
    assert run("match_profile_photos", "assign", str(ada.pk), "x.jpg")[0] == 0
    ada.refresh_from_db()
    assert likeness(read(str(ada.profile_photo)), face(2)) < 6
    assert likeness(former(ada), OLD) < 6
    after = links()
    undone = undo_last()
    assert not undone.skipped, list(undone.left())
    assert (tree(), links()) == before
    assert read(str(Student.objects.get().profile_photo)) == OLD
    assert run("undo_photo_operation", str(undone.operation.pk))[0] == 0
    assert links() == after


@pytest.mark.parametrize("name", NAMES)
def test_their_own_file_or_one_like_it_may_be_assigned_and_undone(each_storage: str, name: str) -> None:
    for like_it in (False, True):
        ada = never_adopted(name)
        if like_it:
            unowned_file(OLD)
        before = tree(), links()
        file = "x.jpg" if like_it else str(ada.profile_photo)
        assert run("match_profile_photos", "assign", str(ada.pk), file)[0] == 0
        assert StudentPhoto.objects.of_profile().filter(student=ada).count() == 1
        assert not undo_last().skipped
        assert (tree(), links()) == before
        Student.objects.all().delete()
        storage_for().remove(str(ada.profile_photo))


def test_an_undo_says_so_where_the_file_is_gone_by_now(each_storage: str) -> None:
    ada = never_adopted("old/ada.jpg")
    unowned_file()
    assert run("match_profile_photos", "assign", str(ada.pk), "x.jpg")[0] == 0
    storage_for().remove("old/ada.jpg")
    assert [step.note for step in undo_last().left()] == ["The previous photo is gone."]
    ada.refresh_from_db()
    assert likeness(read(str(ada.profile_photo)), face(2)) < 6


@pytest.mark.parametrize("name", NAMES)
def test_an_upload_keeps_it_as_a_version_that_can_be_shown_again(
    api: Any, each_storage: str, name: str
) -> None:
    ada = never_adopted(name)
    assert hand_in(api, ada.pk, face(2)).status_code == 200
    assert likeness(former(ada), OLD) < 6
    assert OLD in stored().values()
    old = StudentPhoto.objects.of_profile().get(student=ada, replaced_at__isnull=False)
    answer = api.post(f"/api/students/{ada.pk}/photo-history/{old.sha256}/restore/")
    assert answer.status_code == 200, answer.content
    shown = body_of(api.get(f"/api/photos/students/{ada.student_id}/profile.jpg"))
    assert likeness(shown, OLD) < 6


def test_the_same_photo_handed_in_is_one_version(api: Any, each_storage: str) -> None:
    ada = never_adopted()
    assert hand_in(api, ada.pk, OLD).status_code == 200
    assert StudentPhoto.objects.count() == 1


def test_a_change_of_fields_and_photo_and_a_removal_keep_it_too(api: Any, each_storage: str) -> None:
    ada, bea = never_adopted(), never_adopted()
    from students.tests.school import file_of

    answer = api.patch(
        f"/api/students/{ada.pk}/",
        {"name": "Ada L.", "profile_photo": file_of(face(2))},
        format="multipart",
    )
    assert answer.status_code == 200, answer.content
    assert likeness(former(ada), OLD) < 6
    assert api.delete(f"/api/students/{bea.pk}/photo/").status_code == 204
    assert likeness(former(bea), OLD) < 6


@pytest.mark.parametrize("old", [b"no picture at all", None])
def test_what_cannot_be_kept_stops_no_upload(api: Any, old: bytes | None) -> None:
    ada = never_adopted()
    key = str(ada.profile_photo)
    if old:
        storage_for().put(key, old, content_type="image/jpeg")
    else:
        storage_for().remove(key)
    assert hand_in(api, ada.pk, face(2)).status_code == 200
    assert StudentPhoto.objects.count() == 1
    assert old is None or old in stored().values()


def test_a_former_photo_that_was_migrated_hides_it_from_nobody(api: Any, each_storage: str) -> None:
    """Evidence brings an old photo of hers; the one that her row names is still hers, and adopted."""
    enrol(api, "Ada", student_number="S-1", photo=face(5))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("TRUNCATE students_student, photostore_storedfile CASCADE")

    ada = never_adopted("old/ada.jpg", student_number="S-1")
    assert migrate("--accept-names")[0] == 0
    ada.refresh_from_db()
    assert str(ada.profile_photo) == "old/ada.jpg"
    assert StudentPhoto.objects.of_profile().filter(student=ada).count() == 1
    before = tree(), links()
    assert run("adopt_media")[1]["adopted"] == 1
    today = StudentPhoto.objects.of_profile().get(student=ada, replaced_at=None)
    assert likeness(read(str(today.file)), OLD) < 6
    assert run("adopt_media")[1]["adopted"] == 0
    assert not undo_last().skipped
    assert (tree(), links()) == before


@pytest.mark.parametrize("name", NAMES)
def test_an_erasure_removes_it(each_storage: str, name: str) -> None:
    ada = never_adopted(name)
    assert run("erase_student", str(ada.pk), "--confirm")[0] == 0
    assert OLD not in stored().values()
    unowned_file(OLD)
    assert run("match_profile_photos", "suggest")[1]["suggestions"][0]["notes"] == [
        "erased on request; stays away"
    ]


@pytest.mark.parametrize("name", NAMES[:2])
def test_an_assignment_that_is_killed_is_finished_and_undone(db: None, name: str) -> None:
    assigning, killed = Killing(), True
    while killed:
        Student.objects.all().delete()
        run("migrate_orphaned_photos", "--list")
        for alias in ("default", "safe"):
            for key in stored(alias):
                storage_for(alias).remove(key)
        ada = never_adopted(name)
        unowned_file()
        before = tree(), links()["students"]
        killed = assigning.life("match_profile_photos", "assign", str(ada.pk), "x.jpg")
        assert len(links()["photos"]) == 2, assigning.killed
        assert likeness(former(ada), OLD) < 6
        assert not undo_last().skipped, assigning.killed
        assert (tree(), links()["students"]) == before, assigning.killed
    assert assigning.was_killed_often(20)
