"""A student who was deleted by mistake: the way back, with a backup, with an old one, and without any."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from photostore.register.after_commit import finish_all_commits
from students.models import AttendancePhoto, Student, StudentPhoto
from students.photos import upload_photo
from students.slots import slot_of
from students.tests.commands import OPERATOR, backed_up, run
from students.tests.killing import kill_everywhere
from students.tests.reseeding import links, undo_last
from students.tests.school import enrol, face, hand_in, likeness, stored
from students.versions import take_in
from testing.kills.commands import one_of
from testing.once import made_once


def attend(student: Student, day: str, seed: int) -> None:
    import datetime

    upload_photo(
        student=student,
        slot=slot_of(datetime.date.fromisoformat(day), "AM"),
        incoming=take_in(face(seed), filename="a.jpg", origin="api"),
        actor=OPERATOR,
    )


@pytest.fixture
@made_once
def ada(api: Any, each_storage: str) -> Student:
    """Two photos and a half-day in the backup, and one of each since."""
    made = enrol(api, "Ada Lovelace", student_number="S-1", class_name="3b", photo=face(1))
    enrol(api, "Bea", photo=face(9))
    hand_in(api, made["id"], face(2))
    student = Student.objects.get(pk=made["id"])
    attend(student, "2026-11-19", 11)
    backed_up(settings.PHOTO_BACKUP_DIR)
    hand_in(api, made["id"], face(3))
    attend(student, "2026-11-20", 12)
    return Student.objects.get(pk=made["id"])


def bytes_of_photos() -> dict[str, bytes]:
    return {key: data for key, data in stored().items() if not key.startswith(("derived/", "quarantine/"))}


def delete(api: Any, student: Student) -> None:
    assert api.delete(f"/api/students/{student.pk}/").status_code == 204
    finish_all_commits()


@pytest.mark.parametrize("who", ["uuid", "number"])
def test_everything_comes_back_also_what_is_newer_than_the_backup(api: Any, ada: Student, who: str) -> None:
    before = links(), bytes_of_photos()
    delete(api, ada)
    gone = links(), bytes_of_photos()
    code, out, _err = run("restore_student_photos", "--create-students")
    assert code == 0
    assert f"By mistake? restore_student_photos --bring-back {ada.student_id}" in out
    assert (links(), bytes_of_photos()) == gone
    name = {"uuid": str(ada.student_id), "number": "number:S-1"}[who]
    code, out, err = run("restore_student_photos", "--bring-back", name)
    assert code == 0, out + err
    assert (links(), bytes_of_photos()) == before
    again = Student.objects.get(student_id=ada.student_id)
    assert (again.pk, again.name, again.class_name) == (ada.pk, ada.name, ada.class_name)
    assert run("verify_media", "--checksum")[0] == 0
    answer = api.get(f"/api/photos/students/{ada.student_id}/profile.jpg")
    assert likeness(b"".join(answer.streaming_content), face(3)) < 6
    assert not undo_last().skipped
    assert (links(), bytes_of_photos()) == gone


def test_who_was_brought_back_was_not_deleted_after_all(api: Any, ada: Student) -> None:
    """The students are lost, and there is only that same backup: the deletion does not outlive its end."""
    delete(api, ada)
    assert run("restore_student_photos", "--bring-back", str(ada.student_id))[0] == 0
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("TRUNCATE students_student CASCADE")
    assert run("restore_student_photos", "--create-students")[0] == 0
    assert Student.objects.filter(student_id=ada.student_id).exists()


def test_an_undone_way_back_leaves_the_student_deleted(api: Any, ada: Student) -> None:
    delete(api, ada)
    assert run("restore_student_photos", "--bring-back", str(ada.student_id))[0] == 0
    undo_last()
    assert "--bring-back" in run("restore_student_photos", "--create-students")[1]
    assert not Student.objects.filter(student_id=ada.student_id).exists()


def test_who_had_no_photo_on_the_last_day_has_none_again(api: Any, ada: Student) -> None:
    assert api.delete(f"/api/students/{ada.pk}/photo/").status_code == 204
    delete(api, ada)
    assert run("restore_student_photos", "--bring-back", "number:S-1")[0] == 0
    assert Student.objects.get(pk=ada.pk).photo_sha256 == ""
    assert StudentPhoto.objects.of_profile().filter(student=ada.pk).count() == 3


def test_without_a_backup_the_photos_come_to_whoever_has_the_number(api: Any, each_storage: str) -> None:
    made = enrol(api, "Ada", student_number="S-1", photo=face(1))
    hand_in(api, made["id"], face(2))
    attend(Student.objects.get(pk=made["id"]), "2026-11-20", 12)
    delete(api, Student.objects.get(pk=made["id"]))
    code, _out, err = run("restore_student_photos", "--bring-back", made["student_id"])
    assert code == 2
    assert "Enter them again with the number that they had" in err
    again = enrol(api, "Ada", student_number="S-1")
    other = enrol(api, "Somebody else", student_number="S-2")
    before = links(), bytes_of_photos()
    assert run("migrate_orphaned_photos", "--migrate")[0] == 0
    assert (links(), bytes_of_photos()) == before, "what was deleted comes back only when somebody says so"
    assert run("migrate_orphaned_photos", "--migrate", "--deleted")[0] == 0
    student = Student.objects.get(pk=again["id"])
    assert likeness(stored()[str(student.profile_photo)], face(2)) < 6
    assert StudentPhoto.objects.of_profile().filter(student=student).count() == 2
    assert AttendancePhoto.objects.get().student == student
    assert not Student.objects.get(pk=other["id"]).photo_sha256
    assert not undo_last().skipped
    assert (links(), bytes_of_photos()) == before


def test_an_erased_one_does_not_come_back(api: Any, ada: Student) -> None:
    assert run("erase_student", str(ada.pk), "--confirm")[0] == 0
    before = links(), bytes_of_photos()
    assert run("restore_student_photos", "--bring-back", "number:S-1")[0] == 1
    assert (links(), bytes_of_photos()) == before


def test_nobody_knows_them(api: Any, ada: Student) -> None:
    before = links(), bytes_of_photos()
    for who in ("number:none", "00000000-0000-4000-8000-000000000000", "17", "nobody"):
        code, _out, err = run("restore_student_photos", "--bring-back", who)
        assert (code, err.strip().count("\n")) == (2, 0), who
    assert (links(), bytes_of_photos()) == before


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(1800)
def test_killed_anywhere_and_run_again(api: Any, ada: Student, each_storage: str) -> None:
    whole = links(), bytes_of_photos()
    delete(api, ada)
    every = one_of(each_storage)
    back = ("restore_student_photos", "--bring-back", "number:S-1")
    kill_everywhere(*back, every=every, at_least=30)
    assert run(*back)[0] == 0
    assert (links(), bytes_of_photos()) == whole
