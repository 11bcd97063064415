"""What the recovery commands tell a machine: who, which operation, which backup, what was left and why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from photostore.models import Operation
from photostore.references import locked_key
from photostore.storage import storage_for
from photostore.tests.inventory_files import run
from students.models import Student, StudentPhoto
from students.recovery.reassign import clean as cleaning
from students.tests.commands import backed_up
from students.tests.reseeding import undo_last
from students.tests.school import enrol, face

RESTORE, MIGRATE = "restore_student_photos", "migrate_orphaned_photos"


def put(key: str, seed: int) -> None:
    storage_for().put(key, face(seed), content_type="image/jpeg")


def lose(*students: Student) -> None:
    """Every place where their photos lie."""
    for student in students:
        name = f"photos/students/{student.student_id}/"
        for alias in ("default", "safe"):
            storage = storage_for(alias)
            for file in [*storage.scan(name), *storage.scan("student_photos/")]:
                if name in file.key or f"student_{student.pk}_" in file.key:
                    storage.remove(file.key)


@pytest.fixture
def three(api: Any, each_storage: str) -> list[Student]:
    for number, name in enumerate(("Ada", "Bea", "Cleo"), 1):
        enrol(api, name, student_number=f"S-{number}", photo=face(number))
    return list(Student.objects.order_by("pk"))


def test_a_restore_names_who_is_missing_and_counts_beyond_the_bound(
    three: list[Student], monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bea, _cleo = three
    lose(ada, bea)
    told = [{"id": one.pk, "name": one.name, "student_id": str(one.student_id)} for one in (ada, bea)]
    code, said = run(RESTORE, "--verify-only")
    assert (code, said["missing"], said["missing_count"], said["photos_missing"]) == (1, told, 2, 2)
    assert said["operation"] is None
    monkeypatch.setattr("photostore.bounded.MAX_LISTED", 1)
    _code, said = run(RESTORE, "--verify-only")
    assert (said["missing"], said["missing_count"]) == (told[:1], 2)


def test_a_restore_names_its_operation_and_none_where_it_did_nothing(three: list[Student]) -> None:
    code, said = run(RESTORE)
    assert (code, said["operation"], said["missing"]) == (0, None, [])
    storage_for().remove(f"student_photos/student_{three[0].pk}_profile.jpg")
    code, said = run(RESTORE)
    assert (code, said["healed"], said["operation"]) == (0, 1, str(Operation.objects.get().pk))
    assert run("undo_photo_operation", said["operation"])[0] == 0


def test_every_way_to_a_backup_names_it(api: Any, three: list[Student]) -> None:
    folder = Path(settings.PHOTO_BACKUP_DIR)
    backup = backed_up(folder)
    broken = folder / "seed_backup_29990101_0000.json"
    broken.write_text("{")
    passed = [broken.name]
    for words in (
        (RESTORE, "--verify-only"),
        (MIGRATE, "--list"),
        (MIGRATE, "--migrate"),
        (MIGRATE, "--clean"),
    ):
        _code, said = run(*words)
        assert said["backup"] == backup.name, words
        assert [one["name"] for one in said["passed_over"]] == passed, words
        _code, said = run(*words, "--backup-file", str(backup))
        assert (said["backup"], said["passed_over"]) == (backup.name, []), words
    ada = three[0]
    assert api.delete(f"/api/students/{ada.pk}/").status_code == 204
    code, said = run(RESTORE, "--bring-back", str(ada.student_id))
    assert (code, said["backup"], [one["name"] for one in said["passed_over"]]) == (0, backup.name, passed)
    assert said["operation"]


def test_without_a_backup_a_migration_says_so(three: list[Student]) -> None:
    _code, said = run(MIGRATE, "--list")
    assert (said["backup"], said["passed_over"]) == (None, [])
    _code, said = run(MIGRATE, "--migrate")
    assert said["operation"] is None, "an operation that did nothing is forgotten"


def test_a_clean_up_names_its_operation_and_what_it_left_and_why(
    three: list[Student], monkeypatch: pytest.MonkeyPatch
) -> None:
    put("student_photos/gone.jpg", 8)
    put("student_photos/stays.jpg", 9)
    monkeypatch.setattr(cleaning, "YOUNG", timedelta(seconds=-60))

    @contextmanager
    def another_process_was_faster(key: str) -> Iterator[None]:
        if key.endswith("gone.jpg"):
            storage_for().remove(key)
        with locked_key(key):
            yield

    monkeypatch.setattr(cleaning, "locked_key", another_process_was_faster)
    assert run(MIGRATE, "--clean")[1]["operation"] is None
    put("student_photos/gone.jpg", 8)
    _code, said = run(MIGRATE, "--clean", "--confirm")
    assert (said["moved"], said["left_count"]) == (1, 1)
    assert said["left"] == [{"key": "student_photos/gone.jpg", "why": "It is gone, or was written anew."}]
    assert said["operation"] == str(Operation.objects.get().pk)
    assert not undo_last().skipped
    assert StudentPhoto.objects.count() == 3


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ((RESTORE, "--from-filenames"), "proposals"),
        (("match_profile_photos", "suggest"), "suggestions"),
        (("match_profile_photos", "list-available-photos"), "photos"),
        (("match_profile_photos", "list-students-without-photos"), "students"),
        (("adopt_media",), "left_for_a_person"),
    ],
)
def test_lists_end_at_the_bound_and_counts_do_not(
    api: Any, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], name: str
) -> None:
    for number in range(3):
        pk = enrol(api, f"Student {number}")["id"]
        put(f"student_photos/student_{pk}_profile.jpg", number)
    whole = run(*words)[1]
    monkeypatch.setattr("photostore.bounded.MAX_LISTED", 2)
    code, said = run(*words)
    assert (code, len(whole[name]), said[name]) == (0, 3, whole[name][:2])
    assert said["left_count" if name == "left_for_a_person" else "count"] == 3


def test_an_adoption_tells_of_each_student_once(api: Any, each_storage: str) -> None:
    """Whoever was told in the first pass is not told again for what else lies in the folder."""
    pk = enrol(api, "Ada")["id"]
    for ending in ("jpg", "png"):
        put(f"student_photos/student_{pk}_profile.{ending}", 1)
    code, said = run("adopt_media")
    assert (code, said["adopted"], said["operation"]) == (0, 0, None)
    assert ([one["id"] for one in said["left_for_a_person"]], said["left_count"]) == ([pk], 1)
    code, said = run("adopt_media", "--trust-ids")
    assert (code, said["adopted"], said["left_count"]) == (0, 1, 0)
    assert said["operation"] == str(Operation.objects.get().pk)
