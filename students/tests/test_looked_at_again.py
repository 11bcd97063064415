"""What changed between the plan and the step, and what is the last copy: nothing of it goes."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from photostore.audit import Actor
from photostore.errors import Changed, CommandRefused
from photostore.keys import student_safe
from photostore.models import Operation, QuarantinedFile
from photostore.operations import run_operation
from photostore.storage import storage_for
from photostore.tests.inventory_files import grow_old, run
from students.models import Student, StudentPhoto
from students.recovery.change.files import set_aside
from students.recovery.evidence.plan import make_plan
from students.recovery.reassign.assign import assign, named_file
from students.recovery.reassign.clean import clean, plan_cleaning
from students.recovery.unowned import read_unowned_files, unowned_locations
from students.tests.reseeding import undo_last
from students.tests.school import enrol, face, likeness
from testing.kept import stored

OLGA = Actor(id="", name="olga", channel="command")
UNOWNED = "student_photos/x.jpg"


def put(data: bytes) -> None:
    storage_for().put(UNOWNED, data, content_type="image/jpeg")


def read(key: str) -> bytes:
    return storage_for().read(key, max_bytes=10**8)


def test_a_clean_up_leaves_the_same_file_written_anew(api: Any) -> None:
    """An upload of the same bytes may be about to commit its row."""
    enrol(api, photo=face(1))
    put(face(2))
    grow_old(UNOWNED)
    planned = plan_cleaning(make_plan(read_unowned_files(unowned_locations())))
    put(face(2))
    with run_operation("migrate_orphaned_photos", OLGA) as runner:
        left = [why for _one, why in clean(planned, runner)]
    assert left == ["It is gone, or was written anew."]
    assert read(UNOWNED) == face(2)


def test_a_file_that_is_another_one_by_now_is_not_assigned(api: Any) -> None:
    ada = Student.objects.get(pk=enrol(api, "Ada")["id"])
    put(face(2))
    seen = named_file("x.jpg")
    put(face(3))
    with pytest.raises(CommandRefused, match="was replaced"):
        assign(student=ada, finding=seen, actor=OLGA)
    assert not StudentPhoto.objects.exists()
    assert read(UNOWNED) == face(3)


def test_an_undo_leaves_the_version_where_its_file_was_purged(api: Any) -> None:
    ada = enrol(api, "Ada")
    put(face(2))
    assert run("match_profile_photos", "assign", str(ada["id"]), "x.jpg")[0] == 0
    QuarantinedFile.objects.update(quarantined_at=timezone.now() - timedelta(days=40))
    assert run("purge_quarantine", "--older-than", "30d")[0] == 0
    assignment = Operation.objects.get(command="match_profile_photos")
    code, said = run("undo_photo_operation", str(assignment.pk))
    assert (code, said["reverted"], len(said["skipped"])) == (1, 0, 2)
    photo = StudentPhoto.objects.of_profile().get(replaced_at=None)
    assert likeness(read(str(photo.file)), face(2)) < 6


def test_an_undo_of_a_restore_never_takes_the_last_right_bytes(api: Any) -> None:
    ada = enrol(api, "Ada", photo=face(1))
    version = str(StudentPhoto.objects.of_profile().get().file)
    whole = read(version)
    storage_for().remove(version)
    assert run("restore_student_photos")[1]["healed"] == 1
    storage_for().remove(ada["profile_photo"])
    storage_for("safe").remove(student_safe(UUID(ada["student_id"])))
    assert [step.kind for step in undo_last().left()] == ["revert_step"]
    assert read(version) == whole


def test_what_is_kept_before_it_is_overwritten_is_what_the_plan_saw(db: None) -> None:
    put(face(2))
    with pytest.raises(Changed):
        set_aside(uuid4(), [("default", UNOWNED, sha256(face(1)).hexdigest())], {})
    assert stored() == {UNOWNED: face(2)}
    assert not QuarantinedFile.objects.exists()
