"""Drills: files of other systems that are gone, damaged, unreadable, or that no row names."""

from __future__ import annotations

import errno
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from photostore.operations import last_undoable
from photostore.storage import beneath
from photostore.tests.inventory_files import run
from students.recovery.legacy.by_itself import Adopter
from students.tests.legacy_school import DOCUMENTED, enter, lay, pupil, seen, sql, student_id
from students.tests.school import face, file_of, likeness
from testing.kept import stored

pytestmark = pytest.mark.django_db(transaction=True)
HALF_DAYS = [f"2025-01-{day:02}_{session}" for day in (10, 11, 12) for session in ("AM", "PM")]


@pytest.mark.s3
@pytest.mark.drill("legacy rows whose file is gone, empty or cut off: restore --verify-only")
def test_legacy_files_that_are_gone_or_damaged_are_named(each_storage: str, outcome: Any) -> None:
    whole = pupil(0, face(0))
    gone = enter("Gone Quist", "student_photos/gone.jpg")
    odd = enter("Odd Quist", "../x.jpg")
    empty, cut_off = pupil(1, b""), pupil(2, face(2)[:4_000])
    code, said = run("restore_student_photos", "--verify-only")
    assert (code, said["photos_verified"], said["photos_missing"]) == (1, 2, 2)
    assert {one["id"] for one in said["missing"]} == {gone, odd}
    assert [f"(ID {empty})" in line for line in said["left_for_a_person"]] == [True]
    code, said = run("restore_student_photos", "--verify-only", "--checksum")
    assert (code, said["photos_verified"], said["photos_missing"]) == (1, 1, 2)
    assert {
        pk for pk in (whole, empty, cut_off) for line in said["left_for_a_person"] if f"(ID {pk})" in line
    } == {
        empty,
        cut_off,
    }
    code, said = run("verify_media")
    assert (code, sorted(said["missing"])) == (1, ["../x.jpg", "student_photos/gone.jpg"])
    assert said["coverage"].startswith("60 % present")
    outcome(right=1, wrong=0, left=4)


@pytest.fixture
def nothing_is_young(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bucket's files cannot be given an older date, and it rounds the moment of writing up."""
    command = "photostore.management.commands.cleanup_orphaned_photos"
    for module in (
        "photostore.inventory.diff",
        "students.recovery.unowned",
        "students.recovery.reassign.clean",
        command,
    ):
        monkeypatch.setattr(f"{module}.YOUNG", timedelta(seconds=-5))


@pytest.mark.s3
@pytest.mark.drill("S1 school, what verify_media advises, then every clean-up and the purge")
def test_no_clean_up_takes_attendance_photos(
    api: Any, each_storage: str, outcome: Any, nothing_is_young: None
) -> None:
    pks = [pupil(number, face(number)) for number in range(3)]
    laid = {}
    for number, pk in enumerate(pks):
        for place, moment in enumerate(HALF_DAYS):
            laid[f"photos/students/{student_id(pk)}/attendance/{moment}.jpg"] = face(20 + 6 * number + place)
    laid[f"student_photos/Student_{pks[0]}_PROFILE.jpg"] = face(3)
    laid[f"photos/students/{student_id(pks[1])}/IMG_0001.jpg"] = face(4)
    for key, data in laid.items():
        lay(key, data)
    assert run("restore_student_photos")[0] == 0
    unowned = "student_photos/nobody.jpg"
    lay(unowned, face(5))
    _code, said = run("verify_media")
    assert set(said["unadopted"]) == laid.keys()
    # The register must know a photo, or every clean-up refuses.
    assert api.post(
        "/api/students/", {"name": "New", "profile_photo": file_of(face(6))}, format="multipart"
    ).json()
    for command in (
        ("cleanup_orphaned_photos", "--confirm", "--force", "--older-than", "0s"),
        ("migrate_orphaned_photos", "--clean", "--confirm", "--force"),
    ):
        run(*command)
        run("purge_quarantine", "--older-than", "0s")
        assert laid.items() <= stored().items(), command
    assert unowned not in stored(), "which nobody was"
    code, said = run("adopt_media")
    assert (code, said["attendance"]) == (0, len(HALF_DAYS) * 3)
    for key, data in laid.items():
        if "/attendance/" in key:
            answer = api.get(f"/api/{key}")
            assert likeness(b"".join(answer.streaming_content), data) < 6
    assert {line["id"] for line in said["left_for_a_person"]} == set(pks[:2])
    outcome(right=len(HALF_DAYS) * 3, wrong=0, left=2)


@pytest.mark.drill("one file that cannot be read: it is named, the rest goes on")
@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO])
def test_one_unreadable_file(api: Any, monkeypatch: pytest.MonkeyPatch, outcome: Any, number: int) -> None:
    pks = [pupil(place, face(place)) for place in range(3)]
    run("adopt_media")
    legacy = pupil(4, face(4))
    version = sql("SELECT file FROM students_studentphoto WHERE student_id = %s", pks[0])[0][0]
    real, bad = os.open, {version.rpartition("/")[2], DOCUMENTED.format(legacy).rpartition("/")[2]}

    def refused(path: Any, flags: int, *more: Any, **options: Any) -> int:
        if path in bad:
            raise OSError(number, "refused")
        return real(path, flags, *more, **options)

    monkeypatch.setattr(os, "open", refused)
    monkeypatch.setattr(beneath, "_libc", None)  # else one call to the kernel opens it, past this one
    code, said = run("verify_media", "--checksum")
    assert (code, said["unreadable"], said["missing"]) == (1, [version], [])
    code, said = run("restore_student_photos", "--verify-only", "--checksum")
    assert code == 1
    assert {pk for pk in (*pks, legacy) for line in said["left_for_a_person"] if f"(ID {pk})" in line} == {
        pks[0],
        legacy,
    }
    assert said["photos_verified"] == 2
    code, said = run("adopt_media")
    assert (code, [one["id"] for one in said["left_for_a_person"]]) == (0, [legacy])
    assert all(run(command)[0] == 0 for command in ("cleanup_orphaned_photos", "create_seed_backup"))
    assert run("migrate_orphaned_photos", "--list")[0] == 0
    outcome(right=2, wrong=0, left=2)


def test_a_folder_that_cannot_be_read_hides_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    pks = [pupil(place, face(place)) for place in range(2)]
    run("adopt_media")
    folder, real = student_id(pks[0]), os.open

    def refused(path: Any, flags: int, *more: Any, **options: Any) -> int:
        if path == folder:
            raise PermissionError(errno.EACCES, "refused")
        return real(path, flags, *more, **options)

    monkeypatch.setattr(os, "open", refused)
    monkeypatch.setattr(beneath, "_libc", None)  # else one call to the kernel opens it, past this one
    code, said = run("verify_media")
    assert (code, said["missing"], said["orphaned"]) == (1, [], [])
    assert f"photos/students/{folder}/" in said["unreadable"]
    assert all(folder in key for key in said["unreadable"])


def test_the_words_for_a_storage_that_lacks_its_mark_are_true() -> None:
    pupil(0, face(0))
    run("adopt_media")
    Path(settings.STORAGES["default"]["OPTIONS"]["location"], ".photokeep-root").unlink()
    from photostore.storage import storage_for

    storage_for()._folders._marker_seen = False
    code, said = run("verify_media")
    assert code == 2
    assert "There are files" in said["error"] and "empty" not in said["error"]


@pytest.mark.drill("the worker adopts by itself, and leaves what a person has to decide")
def test_the_worker_adopts_by_itself(api: Any, each_storage: str, outcome: Any) -> None:
    pks = [pupil(number, face(number)) for number in range(2)]
    twins = [pupil(2, face(2), key="student_photos/class.jpg") for _ in range(2)]
    damaged = pupil(3, face(3)[:4_000])
    adopter = Adopter()
    assert (adopter.adopt_some(), adopter.adopt_some()) == (2, 0)
    assert [likeness(seen(api, pk)["bytes"] or b"", face(number)) < 6 for number, pk in enumerate(pks)] == [
        True
    ] * 2
    assert [seen(api, pk)["bytes"] for pk in twins] == [None, None]
    versions = sql("SELECT student_id FROM students_studentphoto ORDER BY 1")
    assert [pk for (pk,) in versions] == pks
    assert last_undoable() is None, "--last means a command"
    sql("UPDATE students_student SET profile_photo = '' WHERE id = %s", twins[1])
    sql("UPDATE students_student SET profile_photo = '/media/' || profile_photo WHERE id = %s", damaged)
    assert adopter.adopt_some() == 0, "what was left waits its hour"
    assert Adopter().adopt_some() == 1
    outcome(right=3, wrong=0, left=1)
