"""What the evidence knows lies in the database: right across batches, and looked up, not gone through."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from photostore.audit import record
from photostore.storage import storage_for
from students import identity
from students.models import Student
from students.recovery.evidence import gather
from students.recovery.evidence.backups import BackedUpStudent, BackupStudents
from students.recovery.evidence.lookup import by_name_words
from students.tests.drill_school import OLGA
from students.tests.reseeding import migrate
from students.tests.school import enrol, face

NAMES = ("Ada", "Bea", "Cleo")


def test_numbers_are_hashed_with_every_key_once_for_a_run(
    api: Any, settings: Any, each_storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gather, "BATCH", 1)
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


def test_a_backup_is_asked_about_a_batch(db: None) -> None:
    ada = BackedUpStudent(uuid.uuid4(), 1, "A", "Ada", frozenset({"a1", "a2"}))
    bea = BackedUpStudent(uuid.uuid4(), 2, "B", "Bea", frozenset({"a2"}))
    twin = BackedUpStudent(uuid.uuid4(), None, "", "Bea")
    backup = BackupStudents([ada, bea, twin])
    known = backup.about(ids=[], pks=[1], sha256s=[])
    assert (known.by_pk(1), known.by_pk(2)) == (known.by_student_id(ada.student_id), None)
    assert known.by_student_id(bea.student_id) is None
    found = backup.about(ids=[twin.student_id], pks=[], sha256s=["a2"])
    assert {one.student_id for one in found.with_photo("a2")} == {ada.student_id, bea.student_id}
    assert [
        one.is_only_one_called for one in (found.by_id[ada.student_id], found.by_id[twin.student_id])
    ] == [
        True,
        False,
    ]
    assert BackupStudents([]).about([ada.student_id], [1], ["a1"]).by_id == {}


def test_names_are_asked_about_once_for_a_batch(api: Any, django_assert_num_queries: Any) -> None:
    """In any order of the words, without case and accents, and never by the beginning of a word."""
    asked = {("ada", "lovelace"), ("emmy", "noether"), ("zoe", "zufall"), ("ad", "love")}
    for name in ("Ada Lovelace", "LOVELACE, Ada", "Zoë Zufall", "Ada Lovelace King", "Emma Noether"):
        enrol(api, name)
    with django_assert_num_queries(1):
        found = by_name_words(asked)
    called = {words: sorted(one.name for one in students) for words, students in found.items()}
    assert called == {
        ("ada", "lovelace"): ["Ada Lovelace", "LOVELACE, Ada"],
        ("zoe", "zufall"): ["Zoë Zufall"],
    }
    with django_assert_num_queries(0):
        assert not by_name_words(set())
