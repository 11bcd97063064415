"""SIGKILL before every step of migrate, clean, restore, and of their undo; then the same command again.

A step is a word in the journal, or a write, a move or a removal of a file. The process is a real one, so
nothing is unwound, no lock given back. Afterwards files, links and register are those of an uninterrupted
run; after the undo those from before.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from photostore.models import Operation, StoredFile
from photostore.storage import storage_for
from students.models import Student
from students.takeover import clean as cleaning
from students.tests.reseeding import links, old_school, reseed, right_and_wrong, run, tree
from students.tests.school import enrol, face, hand_in
from students.tests.test_backups import backed_up
from students.tests.test_restore import lose, lose_the_database
from testing.killing_commands import Patch, command_killed_before_step

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(1800)]

NAMES = ("Ada Lovelace", "Grace Hopper")
# S3 takes the same steps, and longer for each; coprime to what one photo takes, so each kind is met in time.
EVERY = {"disk": 1, "s3": 31}
UNDO = ("undo_photo_operation", "--last")


def state() -> Any:
    """All that must be as if nobody had been killed; ids that a second try makes anew are left out."""
    rows = StoredFile.objects.exclude(kind=StoredFile.Kind.DERIVATIVE).order_by("storage_alias", "key")
    register = rows.values_list("storage_alias", "key", "sha256", "kind", "live", "owner_label")
    return tree(), links(), list(register)


def undo() -> tuple[int, dict[str, Any]]:
    return run(*UNDO)


def kill_everywhere(*command: str, every: int, at_least: int, patches: tuple[Patch, ...] = ()) -> None:
    """Kill the command and its undo before each step in turn, and run each of them again."""
    before = state()
    assert run(*command)[0] == 0
    expected = state()
    assert expected != before
    assert undo()[0] == 0
    assert state() == before
    number, working, undoing = 0, True, True
    while working or undoing:
        working = working and command_killed_before_step(number, *command, patches=patches)
        assert run(*command)[0] == 0, number
        assert state() == expected, number
        assert Operation.objects.filter(undoes=None, state="done").count() == 1, "one undo takes it back"
        undoing = undoing and command_killed_before_step(number, *UNDO)
        if Operation.objects.exclude(state="undone").filter(undoes=None).exists():
            assert undo()[0] == 0, number
        assert state() == before, number
        number += every
    assert number > at_least


def test_migrate(api: Any, each_storage: str) -> None:
    """Ids were swapped: each one's documented name holds another's old photo."""
    faces = old_school(api, NAMES)
    students = reseed(NAMES)
    migrate = ("migrate_orphaned_photos", "--migrate")
    kill_everywhere(*migrate, every=EVERY[each_storage], at_least=40)
    run(*migrate)
    assert right_and_wrong(students, faces) == (len(NAMES), 0)


def test_clean(api: Any, each_storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    old_enough = ("students.takeover.clean", "YOUNG", timedelta(seconds=-60))
    monkeypatch.setattr(cleaning, "YOUNG", old_enough[2])
    enrol(api, photo=face(1))
    for place in range(3):
        storage_for().put(f"student_photos/stray{place}.jpg", face(60 + place), content_type="image/jpeg")
    clean = ("migrate_orphaned_photos", "--clean", "--confirm")
    kill_everywhere(*clean, every=EVERY[each_storage], at_least=10, patches=(old_enough,))


def test_restore(api: Any, each_storage: str) -> None:
    for place, name in enumerate(NAMES):
        pk = enrol(api, name, student_number=f"S-{place}", photo=face(place))["id"]
        hand_in(api, pk, face(10 + place))
    backed_up(settings.PHOTO_BACKUP_DIR)
    whole = tree(), links()
    lose_the_database()
    lose("default", "student_photos/")
    restore = ("restore_student_photos", "--create-students")
    kill_everywhere(*restore, every=EVERY[each_storage], at_least=20)
    assert not Student.objects.exists()
    run(*restore)
    assert (tree(), links()) == whole
