"""What the evidence knows lies in the database: right across batches, and looked up, not gone through."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from photostore.audit import record
from photostore.storage import storage_for
from students import identity
from students.models import Student
from students.recovery import storage_index
from students.recovery.backups.table import Table
from students.recovery.evidence.backups import _OWN, BackupStudents
from students.recovery.evidence.plan import findings
from students.recovery.unowned import UnownedFile
from students.tests.drill_school import OLGA
from students.tests.reseeding import migrate
from students.tests.school import enrol, face

NAMES = ("Ada", "Bea", "Cleo")


def test_numbers_are_hashed_with_every_key_once_for_a_run(
    api: Any, settings: Any, each_storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage_index, "BATCH", 1)
    settings.PHOTO_IDENTITY_KEYS = ["old"]
    for number, name in enumerate(NAMES):
        was_here = uuid.uuid4()
        record(OLGA, "student.delete", subject=f"student {was_here}")
        tagged = identity.tag(face(number), student_id=was_here, student_number=name)
        storage_for().put(f"student_photos/{number}x.jpg", tagged, content_type="image/jpeg")
    settings.PHOTO_IDENTITY_KEYS = ["new", "old"]
    for name in NAMES:
        enrol(api, name, student_number=name)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert migrate()[1]["students"] == 3
    assert Student.objects.with_photo().count() == 3
    made = [
        one for one in asked.captured_queries if "CREATE TEMPORARY TABLE students_number_hashes" in one["sql"]
    ]
    assert len(made) == 1


def unowned(sha256: str, key: str = "student_photos/x.jpg") -> UnownedFile:
    return UnownedFile("default", key, key, 1, timezone.now(), sha256, sha256, "image/jpeg")


def told(backup: BackupStudents, *files: UnownedFile) -> list[tuple[str, list[str], set[str]]]:
    return [
        (
            one.verdict.state,
            [piece.kind.value for piece in one.evidence],
            {student.name for piece in one.evidence for student in piece.students},
        )
        for one in findings(files, backup)
    ]


def test_a_backup_is_asked_about_all_files_at_once(api: Any) -> None:
    """By old id, by UUID, by bytes that one alone had, by a name that one alone had; and who is not in it."""
    for name in ("Ada", "Bea"):
        enrol(api, name, student_number=name[0])
    ada, bea, twin = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    table = Table()
    table.add_row(False, ada, 999_999, "A", "Ada", "", "", sha256s=frozenset({"a1", "a2"}), has_photo=True)
    table.add_row(False, bea, 999_998, "B", "Bea", "", "", sha256s=frozenset({"a2"}), has_photo=True)
    table.add_row(False, twin, None, None, "Bea", "", None)
    table.finish()
    backup = BackupStudents(_OWN.format(table=table.name))
    by_id = unowned("a1", "student_photos/student_999999_profile.jpg")
    anothers = unowned("a3", "student_photos/student_999999_profile.jpg")
    of_two, of_twin = unowned("a2"), unowned("b1", f"photos/students/{twin}/history/b1.jpg")
    of_ada = unowned("b2", f"photos/students/{ada}/profile.jpg")
    assert told(backup, by_id, anothers, of_two, of_twin, of_ada, unowned("a1")) == [
        ("certain", ["backup", "recorded_sha256"], {"Ada"}),
        ("unknown", [], set()),
        ("unknown", [], set()),
        ("unknown", [], set()),
        ("unknown", [], set()),
        ("certain", ["recorded_sha256"], {"Ada"}),
    ]
    assert told(BackupStudents(), by_id) == [("unknown", [], set())]
