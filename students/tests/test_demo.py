"""`make_demo_school`: a believable school through the use cases, the same everywhere, never in the way."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from photostore.audit import Actor
from photostore.errors import StorageUnavailable
from photostore.locks import advisory_lock
from photostore.models import AuditEntry, StoredFile
from photostore.storage import storage_for
from students.demo import roster
from students.demo.portraits import portrait
from students.enrolment import create_student
from students.models import Student, StudentPhoto
from students.tests.school import everything, likeness, stored
from testing.pictures import saved

pytestmark = pytest.mark.django_db(transaction=True)
SMALL = 38


@pytest.fixture
def small_school(monkeypatch: pytest.MonkeyPatch) -> list[roster.Pupil]:
    """The first of them, in small pictures: everything that matters happens among these too."""
    school = roster.pupils()[:SMALL]
    monkeypatch.setattr("students.demo.school.pupils", lambda: school)
    monkeypatch.setattr(roster, "WIDTH", 120)
    monkeypatch.setattr(roster, "HEIGHT", 150)
    return school


def make(*arguments: str) -> str:
    out = StringIO()
    call_command("make_demo_school", *arguments, stdout=out)
    return out.getvalue()


def test_the_roster_is_a_believable_school() -> None:
    school = roster.pupils()
    assert len(school) == 200
    assert school == roster.pupils(), "the same every time"
    assert {pupil.fields["class_name"] for pupil in school} == set(roster.CLASSES)
    assert len({pupil.number for pupil in school}) == len({pupil.student_id for pupil in school}) == 200
    assert len({pupil.name for pupil in school}) == 199, "two of one name"
    assert sum(not pupil.photos for pupil in school) == 30
    assert {pupil.photos for pupil in school} == {0, 1, 2, 3}
    assert sum("'" in pupil.name for pupil in school) > 3
    assert sum(not pupil.name.isascii() for pupil in school) > 60
    assert sum(pupil.fields["status"] == "left" for pupil in school) > 3


def test_every_face_is_another_and_stays_the_same_face_over_the_years() -> None:
    faces = [saved(portrait(seed, 96, 120), "PNG") for seed in range(200)]
    assert len(set(faces)) == 200
    older = saved(portrait(5, 96, 120, sitting=2), "PNG")
    assert older != faces[5]
    assert saved(portrait(5, 96, 120, sitting=2), "PNG") == older
    assert likeness(older, faces[5]) > 1


def test_it_adds_students_photos_histories_and_unowned_files(small_school: list[roster.Pupil]) -> None:
    said = make()
    assert Student.objects.count() == SMALL
    for pupil in small_school:
        student = Student.objects.get(student_id=pupil.student_id)
        assert (student.name, student.student_number) == (pupil.name, pupil.number)
        history = list(student.photos.order_by("id"))
        assert [photo.taken_on for photo in history] == [sitting.taken_on for sitting in pupil.sittings]
        assert bool(student.profile_photo) == bool(pupil.photos)
        if history:
            assert student.photo_sha256 == history[-1].sha256
    assert {row.channel for row in AuditEntry.objects.all()} == {"command"}
    unowned_files = set(roster.unowned_files(small_school))
    assert "student_photos/12345.jpg" in unowned_files
    assert unowned_files <= set(stored())
    assert not StoredFile.objects.filter(key__in=unowned_files).exists(), "they belong to nobody"
    assert f"Added {SMALL} made-up students" in said
    assert "/admin/students/student/?has_photo=no" in said


def test_the_second_run_changes_nothing(small_school: list[roster.Pupil]) -> None:
    make()
    storage_for().remove("student_photos/12345.jpg")  # somebody found out whose it was
    before = everything()
    assert "there already" in make()
    assert everything() == before


def test_a_photo_that_somebody_removed_does_not_come_back(small_school: list[roster.Pupil], api: Any) -> None:
    make()
    student = Student.objects.exclude(profile_photo="").order_by("pk")[0]
    api.delete(f"/api/students/{student.pk}/photo/")
    make()
    student.refresh_from_db()
    assert not student.profile_photo


def test_cut_short_it_goes_on(small_school: list[roster.Pupil], monkeypatch: pytest.MonkeyPatch) -> None:
    import students.demo.school as school

    real, calls = school.upload_photo, []

    def gone_at_the_second(**values: Any) -> Any:
        calls.append(values)
        if len(calls) == 2:
            raise StorageUnavailable
        return real(**values)

    monkeypatch.setattr(school, "upload_photo", gone_at_the_second)
    with pytest.raises(CommandError, match="Run it again"):
        make()
    assert 0 < Student.objects.count() < SMALL
    make()
    assert Student.objects.count() == SMALL
    assert StudentPhoto.objects.count() == sum(pupil.photos for pupil in small_school)


def test_beside_other_students_only_by_force(small_school: list[roster.Pupil]) -> None:
    create_student(fields={"name": "Ada Lovelace"}, actor=Actor("", "a test", "command"))
    before = everything()
    with pytest.raises(CommandError, match="1 other student") as refusal:
        make()
    assert refusal.value.returncode == 2
    assert everything() == before
    make("--force")
    assert Student.objects.count() == SMALL + 1
    assert Student.objects.filter(name="Ada Lovelace").exists()


def test_no_number_is_taken_from_anybody(small_school: list[roster.Pupil]) -> None:
    number = small_school[4].number
    create_student(
        fields={"name": "Ada Lovelace", "student_number": number}, actor=Actor("", "a test", "command")
    )
    before = everything()
    with pytest.raises(CommandError, match=number):
        make("--force")
    assert everything() == before


def test_a_file_of_that_name_is_left_as_it_is(small_school: list[roster.Pupil]) -> None:
    storage_for().put("student_photos/12345.jpg", b"somebody's only copy", content_type="image/jpeg")
    make()
    assert stored()["student_photos/12345.jpg"] == b"somebody's only copy"


def test_one_at_a_time(small_school: list[roster.Pupil]) -> None:
    from threading import Event, Thread

    taken, done = Event(), Event()

    def hold() -> None:
        with advisory_lock("students.demo"):
            taken.set()
            done.wait(30)
        connections.close_all()

    other = Thread(target=hold)
    other.start()
    taken.wait(30)
    try:
        with pytest.raises(CommandError, match="at work right now") as refusal:
            make()
    finally:
        done.set()
        other.join()
    assert refusal.value.returncode == 2
    assert not Student.objects.exists()


def test_for_machines(small_school: list[roster.Pupil]) -> None:
    result = json.loads(make("--json"))
    assert result["students_added"] == SMALL
    assert result["photos_added"] == sum(pupil.photos for pupil in small_school)
    assert "student_photos/12345.jpg" in result["unowned files"]
    assert json.loads(make("--json"))["students_added"] == 0
