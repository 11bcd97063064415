"""What waits under imports/: known to the inventory, forgotten in time, and erased with its student."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from photostore.inventory.verify import Report, verify
from photostore.tests.inventory_files import grow_old
from students.imports import kinds
from students.models import Import, ImportRow, StudentPhoto
from students.tests.commands import run
from students.tests.photo_zips import Imported, faces, pupil, sent, shown_faces
from students.tests.school import face, hand_in
from testing.jobs import run_jobs
from testing.kept import stored
from testing.people import body_of

pytestmark = pytest.mark.django_db


def staged() -> list[str]:
    return sorted(key for key in stored() if key.startswith("imports/"))


def grown_old() -> None:
    for key in staged():
        grow_old(key)


def orphaned() -> set[str]:
    report = Report()
    for _step in verify(report, checksum=False, until=None):
        pass
    return {key for _alias, key in report.lists["orphaned"]}


def test_staged_photos_are_expected_while_their_import_lives(api: Any) -> None:
    hand_in(api, pupil("Ada", "Byron", "1").pk, face(9))
    Imported(api, faces("1.jpg"))
    grown_old()
    assert len(staged()) == 4
    assert orphaned() == set()
    assert run("cleanup_orphaned_photos", "--confirm", "--force")[0] == 0
    assert len(staged()) == 4
    Import.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert run("cleanup_orphaned_photos", "--confirm", "--force")[0] == 0
    assert staged() == []
    assert not [key for key in stored() if key.startswith("quarantine/")], (
        "nobody said yes to it: gone for good"
    )


def test_an_import_expires_with_its_files_and_rows(api: Any) -> None:
    pupil("Ada", "Byron", "1")
    batch = Imported(api, faces("1.jpg"))
    assert kinds.forget_expired() == 0
    Import.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert api.get(batch.path).status_code == 404
    assert kinds.forget_expired() == 1
    assert (staged(), Import.objects.count(), ImportRow.objects.count()) == ([], 0, 0)


def test_one_that_is_committing_outlives_its_day(api: Any) -> None:
    pupil("Ada", "Byron", "1")
    hand_in(api, pupil("Bea", "Curie", "2").pk, face(9))
    batch = Imported(api, faces("1.jpg"))
    assert api.post(f"{batch.path}commit/").status_code == 202
    grown_old()
    Import.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert batch.shown["state"] == "committing"
    assert orphaned() == set()
    assert run("cleanup_orphaned_photos", "--confirm", "--force")[0] == 0
    assert len(staged()) == 4
    run_jobs()
    assert shown_faces() == {"Ada Byron": "1.jpg", "Bea Curie": "photo.jpg"}


def test_what_is_committed_outlives_its_import(api: Any) -> None:
    ada = pupil("Ada", "Byron", "1")
    Imported(api, faces("1.jpg")).commit()
    Import.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    kinds.forget_expired()
    assert body_of(api.get(f"/api/photos/students/{ada.student_id}/profile.jpg"))
    assert run("undo_photo_operation", "--last")[0] == 0
    assert not StudentPhoto.objects.exists()
    assert [key for key in stored() if key.startswith("quarantine/")], "its bytes wait there"


def test_an_import_of_single_files_keeps_their_names_in_rows_alone(api: Any) -> None:
    pupil("Ada", "Byron", "1")
    batch = sent(api, ("Byron_Ada.jpg", face(1))).json()
    assert batch["file_names"] == []
    assert [row["file"] for row in api.get(f"/api/photo-imports/{batch['id']}/rows/").json()["results"]] == [
        "Byron_Ada.jpg"
    ]


def test_a_backup_has_no_staged_photo(api: Any) -> None:
    pupil("Ada", "Byron", "1")
    Imported(api, faces("1.jpg"))
    code, out, _err = run("create_seed_backup")
    assert code == 0, out
    assert "imports/" not in out


def test_erasing_a_student_takes_their_staged_photos_and_names_along(api: Any) -> None:
    ada, bea = pupil("Ada", "Byron", "1"), pupil("Bea", "Curie", "2")
    hand_in(api, ada.pk, face(7))
    batch = Imported(api, {"1.jpg": face(1), "2.jpg": face(2), "nobody knows.jpg": face(7)})
    assert len(staged()) == 12
    code, out, err = run("erase_student", str(ada.pk), "--confirm")
    assert code == 0, out + err
    assert [row["file"] for row in batch.rows.values()] == ["2.jpg"]
    assert len(staged()) == 4
    assert "Byron" not in str(list(ImportRow.objects.values()))
    batch.commit()
    assert StudentPhoto.objects.get().student == bea
