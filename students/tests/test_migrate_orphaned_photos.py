"""`migrate_orphaned_photos`: right is all that the evidence allows, wrong is never."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from photostore import keys
from photostore.audit import record
from photostore.storage import storage_for
from photostore.tests.inventory_files import run
from students import identity
from students.models import AttendancePhoto, Student, StudentPhoto
from students.tests.drill_school import OLGA
from students.tests.reseeding import (
    NAMES,
    forget_everything,
    links,
    migrate,
    old_school,
    reseed,
    right_and_wrong,
    tree,
    undo_last,
)
from students.tests.school import enrol, face, stored


def put(key: str, data: bytes) -> None:
    storage_for().put(key, data, content_type="image/jpeg")


@pytest.mark.s3
def test_with_numbers_everybody_gets_photo_history_and_attendance(api: Any, each_storage: str) -> None:
    faces = old_school(api)
    students = reseed()
    before = tree(), links()
    code, said = migrate()
    assert code == 0, said
    assert right_and_wrong(students, faces) == (4, 0)
    assert (said["students"], said["photos"], said["attendance_photos"], said["left_count"]) == (4, 8, 4, 0)
    for student in students.values():
        versions = StudentPhoto.objects.of_profile().filter(student=student).order_by("uploaded_at")
        assert [photo.replaced_at is None for photo in versions] == [False, True]
        assert AttendancePhoto.objects.filter(student=student, slot__startswith="2026-11-20").count() == 1
        data = storage_for().read(str(student.profile_photo), max_bytes=2**26)
        assert identity.read(data).student_id == student.student_id  # type: ignore[union-attr]
    assert not undo_last().skipped
    assert (tree(), links()) == before


def test_a_second_run_changes_nothing(api: Any) -> None:
    old_school(api)
    reseed()
    migrate()
    before = tree(), links()
    code, said = migrate()
    assert (code, said["students"], said["left_count"]) == (0, 0, 0)
    assert (tree(), links()) == before


def test_the_list_changes_nothing_and_says_where_each_goes(api: Any, each_storage: str) -> None:
    old_school(api)
    reseed()
    before = tree(), links()
    code, said = run("migrate_orphaned_photos", "--list")
    assert (code, said["count"]) == (0, 4)
    for orphan in said["orphans"]:
        assert (orphan["profile_photo"], orphan["attendance_photos"]) == (True, 1)
        assert {file["state"] for file in orphan["files"]} == {"certain"}
    assert (tree(), links()) == before


@pytest.mark.parametrize("more", [(), ("--accept-names",)])
def test_without_numbers_and_backup_nothing_is_given(api: Any, each_storage: str, more: Any) -> None:
    faces = old_school(api, numbers=False)
    students = reseed(numbers=False)
    before = tree(), links()
    code, said = migrate(*more)
    assert (code, said["students"]) == (0, 0)
    assert right_and_wrong(students, faces) == (0, 0)
    assert (tree(), links()) == before


def test_with_a_backup_but_no_numbers_unique_names_are_proposed(api: Any, each_storage: str) -> None:
    names = (*NAMES, "Ada Lovelace")
    faces = old_school(api, names, numbers=False)
    assert run("create_seed_backup")[0] == 0
    students = reseed(names, numbers=False)
    code, said = migrate()
    assert (code, said["students"]) == (0, 0)
    assert {one["state"] for one in said["left"]} == {"proposed", "unknown"}
    code, said = migrate("--accept-names")
    assert right_and_wrong(students, faces) == (3, 0)
    assert not students[0].photo_sha256
    assert not students[4].photo_sha256


def test_a_namesake_with_another_number_gets_nothing(api: Any) -> None:
    old_school(api, ("Ada Lovelace",))
    run("create_seed_backup")
    forget_everything()
    Student.objects.create(name="Ada Lovelace", student_number="T-9")
    assert migrate("--accept-names")[1]["students"] == 0


def test_two_students_of_one_name_are_told_apart_by_number(api: Any) -> None:
    names = ("Ada Lovelace", "Ada Lovelace", "Alan Turing")
    faces = old_school(api, names)
    students = reseed(names)
    assert migrate()[0] == 0
    assert right_and_wrong(students, faces) == (3, 0)


def test_random_names_do_not_matter_where_the_identity_is_inside(api: Any, each_storage: str) -> None:
    faces = old_school(api)
    todays = {key: data for key, data in stored().items() if key.startswith("student_photos/")}
    for alias in ("default", "safe"):
        for key in stored(alias):
            storage_for(alias).remove(key)
    for data in todays.values():
        put(f"{uuid.uuid4().hex}/{uuid.uuid4().hex}", data)
    students = reseed()
    code, said = migrate()
    assert (code, said["students"]) == (0, 4)
    assert right_and_wrong(students, faces) == (4, 0)


def test_a_photo_under_another_students_name_goes_to_whom_it_shows(api: Any, each_storage: str) -> None:
    faces = old_school(api)
    first, second = sorted(stored("default", "student_photos/").items())[:2]
    put(first[0], second[1])
    students = reseed()
    assert migrate()[0] == 0
    assert right_and_wrong(students, faces) == (4, 0)


def test_a_forged_identity_counts_as_nothing(api: Any, settings: Any, each_storage: str) -> None:
    enrol(api, photo=face(9))
    victim = Student.objects.create(name="Vic", student_number="V-1")
    genuine = settings.PHOTO_IDENTITY_KEYS
    settings.PHOTO_IDENTITY_KEYS = ["another deployment"]
    forged = identity.tag(face(5), student_id=victim.student_id, student_number="V-1")
    settings.PHOTO_IDENTITY_KEYS = genuine
    copied = identity.tag(face(6), student_id=victim.student_id, student_number="V-1")
    packet = identity.tags.extract(copied)
    put("student_photos/a.jpg", forged)
    put("student_photos/b.jpg", identity.tags.embed(face(7), packet))
    code, said = migrate("--accept-names")
    assert (code, said["students"], said["left_count"]) == (0, 0, 2)
    assert all("does not verify" in one["notes"][0] for one in said["left"])


def test_strong_signals_that_disagree_block(api: Any, each_storage: str) -> None:
    ada = Student.objects.get(pk=enrol(api, "Ada", student_number="A")["id"])
    enrol(api, "Bea", student_number="B")
    put("student_photos/x.jpg", identity.tag(face(1), student_id=ada.student_id, student_number="B"))
    code, said = migrate("--accept-names")
    assert (code, said["students"]) == (0, 0)
    assert said["left"][0]["state"] == "blocked"
    assert {student["name"] for one in said["left"][0]["evidence"] for student in one["students"]} == {
        "Ada",
        "Bea",
    }


@pytest.mark.parametrize("had_it", [True, False])
def test_a_documented_name_counts_only_where_the_row_gave_it(
    api: Any, each_storage: str, *, had_it: bool
) -> None:
    """A file of an earlier child may have lain under the integer of somebody who never had a photo."""
    bob = enrol(api, "Bob", student_number="B")
    key = f"student_photos/student_{bob['id']}_profile.jpg"
    put(key, face(3))
    if had_it:  # as a deployment that was never adopted
        Student.objects.filter(pk=bob["id"]).update(profile_photo=key, photo_sha256="0" * 64)
    enrol(api, "Ada", student_number="A", photo=face(1))
    assert run("create_seed_backup")[0] == 0
    forget_everything()
    for name, number in (("Ada", "A"), ("Bob", "B")):
        Student.objects.create(name=name, student_number=number)
    code, said = migrate("--accept-names")
    assert (code, said["students"], said["left_count"]) == (0, 1 + had_it, 1 - had_it)
    assert bool(Student.objects.get(name="Bob").photo_sha256) == had_it
    assert [one["key"] for one in said["left"]] == ([] if had_it else [key])


def test_a_former_number_still_finds_its_student(api: Any) -> None:
    made = enrol(api, "Ada", student_number="A")
    api.patch(f"/api/students/{made['id']}/", {"student_number": "A-2"}, format="json")
    put("student_photos/x.jpg", identity.tag(face(1), student_id=uuid.uuid4(), student_number="A"))
    assert migrate()[1]["students"] == 1


def test_a_number_under_an_older_key_finds_who_was_here_and_else_proposes(api: Any, settings: Any) -> None:
    """The older key may be another school's, which has the same numbers."""
    settings.PHOTO_IDENTITY_KEYS = ["old"]
    once = uuid.uuid4()
    tagged = identity.tag(face(1), student_id=once, student_number="A")
    settings.PHOTO_IDENTITY_KEYS = ["new", "old"]
    enrol(api, "Ada", student_number="A")
    put("student_photos/x.jpg", tagged)
    said = migrate("--accept-names")[1]
    assert (said["students"], [one["state"] for one in said["left"]]) == (0, ["proposed"])
    record(OLGA, "student.delete", subject=f"student {once}")
    assert migrate()[1]["students"] == 1


def test_a_photo_handed_in_since_stays_todays_and_the_old_ones_become_history(api: Any) -> None:
    old_school(api)
    students = reseed()
    from students.tests.school import hand_in

    assert hand_in(api, students[0].pk, face(50)).status_code == 200
    students[0].refresh_from_db()
    todays = students[0].photo_sha256
    assert migrate()[0] == 0
    students[0].refresh_from_db()
    assert students[0].photo_sha256 == todays
    assert StudentPhoto.objects.of_profile().filter(student=students[0]).count() == 3
    undo_last()
    assert StudentPhoto.objects.of_profile().filter(student=students[0]).count() == 1


def test_the_order_rule_pairs_only_with_confirm(api: Any) -> None:
    old_school(api, numbers=False)
    reseed(numbers=False)
    before = tree(), links()
    code, said = migrate("--by", "order")
    assert (code, len(said["pairs"])) == (2, 4)
    assert (tree(), links()) == before
    code, said = migrate("--by", "order", "--confirm")
    assert (code, said["students"]) == (0, 4)
    assert not undo_last().skipped
    assert (tree(), links()) == before


def test_what_is_on_its_way_in_is_no_students_photo(api: Any, each_storage: str) -> None:
    """Not even where somebody sends the very photo of a student as a media file of their own."""
    ada = Student.objects.get(pk=enrol(api, "Ada", student_number="A")["id"])
    put(keys.incoming(7, uuid.uuid4()), identity.tag(face(1), student_id=ada.student_id, student_number="A"))
    assert run("migrate_orphaned_photos", "--list")[1]["count"] == 0
    assert migrate("--accept-names")[1]["students"] == 0


def test_a_symlink_is_never_followed(api: Any, settings: Any, tmp_path: Any) -> None:
    faces = old_school(api)
    students = reseed()
    root = settings.STORAGES["default"]["OPTIONS"]["location"]
    (root / "student_photos" / "secret.jpg").symlink_to("/etc/passwd")
    (root / "photos" / "students" / str(uuid.uuid4())).symlink_to(next((root / "photos/students").iterdir()))
    assert migrate()[0] == 0
    assert right_and_wrong(students, faces) == (4, 0)
    assert (root / "student_photos" / "secret.jpg").is_symlink()


def test_one_picture_on_two_students_goes_to_both_also_after_a_first_run(api: Any) -> None:
    ada = enrol(api, "Ada", student_number="S-0", photo=face(1))
    enrol(api, "Bea", student_number="S-1", photo=face(1))
    students = reseed(("Ada", "Bea"))
    aside = storage_for().read(ada["profile_photo"], max_bytes=2**26)
    assert migrate()[1]["students"] == 2
    assert all(Student.objects.get(pk=student.pk).photo_sha256 for student in students.values())
    put("student_photos/again.jpg", aside)
    code, said = migrate()
    assert (code, said["known_already"], said["left_count"]) == (0, 1, 0)
