"""A restore whose storage goes away at any write, and what the same command makes of it afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings

from photostore.errors import StorageUnavailable
from photostore.models import Operation
from photostore.storage import together
from photostore.storage.disk import DiskStorage
from photostore.storage.drafts import Draft
from students.models import Student
from students.tests.commands import backed_up, run
from students.tests.losing import contents, links, lose, lose_the_database
from students.tests.school import enrol, face, hand_in


@pytest.fixture
def ada(api: Any) -> Student:
    made = enrol(api, "Ada Lovelace", student_number="S-1", photo=face(1))
    hand_in(api, made["id"], face(2))
    backed_up(settings.PHOTO_BACKUP_DIR)
    return Student.objects.get(pk=made["id"])


def wreck() -> None:
    lose_the_database()
    lose("default", "student_photos/", "derived/")


def writes_before_it_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Counts writes of files; the storage is unavailable when none is left."""
    left = [10**9]

    def watch(owner: Any, name: str) -> None:
        original = getattr(owner, name)

        def step(*arguments: Any, **options: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise StorageUnavailable
            return original(*arguments, **options)

        monkeypatch.setattr(owner, name, step)

    for name in ("copy", "remove"):
        watch(DiskStorage, name)
    watch(Draft, "publish")
    for name in ("_link", "_unlink"):
        watch(together, name)
    return left


def test_cut_off_and_run_again(ada: Student, monkeypatch: pytest.MonkeyPatch) -> None:
    files, rows = contents(thumbnails=True), links()
    left = writes_before_it_is_unavailable(monkeypatch)
    for limit in range(60):
        left[0] = 10**9
        wreck()
        left[0] = limit
        interrupted = run("restore_student_photos", "--create-students")[0] != 0
        left[0] = 10**9
        assert run("restore_student_photos", "--create-students")[0] == 0
        assert links() == rows, limit
        assert contents(thumbnails=True) == files, limit
        assert Operation.objects.filter(command="restore_student_photos").count() == 1, (
            "one undo takes it back"
        )
        if not interrupted:
            break
    assert 5 < limit < 59
