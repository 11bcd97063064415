"""SIGKILL before every step of the commands that put photos elsewhere, and of their undo; then once more.

What a step is, says `testing.kills.steps`. The process is a real one, so nothing is unwound, no lock given
back. Afterwards files, links and register are those of an uninterrupted run; after an undo those of before.
"""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from photostore.audit import ANONYMOUS
from photostore.models import Operation
from photostore.storage import storage_for
from photostore.tests.inventory_files import run
from students.models import StagedMatch, Student
from students.recovery.reassign import by_eye
from students.recovery.reassign import clean as cleaning
from students.tests.commands import backed_up
from students.tests.killing import UNDO, assert_same, kill_everywhere, state
from students.tests.losing import forgotten_register, lose, lose_the_database
from students.tests.reseeding import links, old_school, reseed, right_and_wrong, tree
from students.tests.school import enrol, face
from testing.kills.commands import Killing, one_of
from testing.people import make_person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(1800)]

NAMES = ("Ada Lovelace", "Grace Hopper")
MIGRATE = ("migrate_orphaned_photos", "--migrate")
CLEAN = ("migrate_orphaned_photos", "--clean", "--confirm")
OLD_ENOUGH = ("students.recovery.reassign.clean", "YOUNG", timedelta(seconds=-60))


def two_students(api: Any) -> dict[int, str]:
    """The first with two versions and an attendance photo, the second with one photo."""
    faces = old_school(api, NAMES[:1])
    second = enrol(api, NAMES[1], student_number="S-1", photo=face(1))
    return faces | {1: Student.objects.get(pk=second["id"]).photos.of_profile().get().untagged_sha256}


def leave_unowned_files(monkeypatch: pytest.MonkeyPatch, api: Any) -> None:
    monkeypatch.setattr(cleaning, "YOUNG", OLD_ENOUGH[2])
    enrol(api, photo=face(1))
    for place in range(3):
        storage_for().put(
            f"student_photos/unowned file{place}.jpg", face(60 + place), content_type="image/jpeg"
        )


def test_migrate(api: Any, each_storage: str) -> None:
    """Ids were swapped: each one's documented name holds another's old photo."""
    faces = two_students(api)
    students = reseed(NAMES)
    kill_everywhere(*MIGRATE, every=one_of(each_storage), at_least=20)
    run(*MIGRATE)
    assert right_and_wrong(students, faces) == (len(NAMES), 0)


@pytest.mark.s3
def test_clean(api: Any, each_storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    leave_unowned_files(monkeypatch, api)
    kill_everywhere(*CLEAN, at_least=10, patches=[OLD_ENOUGH])


def test_restore(api: Any, each_storage: str) -> None:
    """A student, two versions and an attendance photo from a backup; the documented names are gone too."""
    old_school(api, NAMES[:1])
    backed_up(settings.PHOTO_BACKUP_DIR)
    whole = tree(), links()
    lose_the_database()
    lose("default", "student_photos/")
    restore = ("restore_student_photos", "--create-students")
    kill_everywhere(*restore, every=one_of(each_storage), at_least=25)
    assert not Student.objects.exists()
    run(*restore)
    assert (tree(), links()) == whole


@pytest.mark.exhaustive
def test_what_only_the_register_forgot(api: Any, each_storage: str) -> None:
    """The attendance photo's row is here: it is linked without a backup, and an undo leaves it."""
    old_school(api, NAMES[:1])
    forgotten_register([])
    kill_everywhere("restore_student_photos", every=one_of(each_storage), at_least=20)


@pytest.mark.exhaustive
def test_lost_and_damaged_files(api: Any, each_storage: str) -> None:
    old_school(api, NAMES[:1])
    ada = Student.objects.get()
    key = str(ada.photos.of_profile().get(replaced_at=None).file)
    data = bytearray(storage_for().read(key, max_bytes=10**8))
    data[len(data) // 2] ^= 1
    storage_for().put(key, bytes(data), content_type="image/jpeg")
    lose("default", f"photos/students/{ada.student_id}/attendance", str(ada.profile_photo), "derived/")
    kill_everywhere("restore_student_photos", "--checksum", every=one_of(each_storage), at_least=20)


def test_an_assignment(api: Any, each_storage: str) -> None:
    """To somebody who has a photo, of a file that lies under a documented name."""
    pk = enrol(api, photo=face(1))["id"]
    storage_for().put(f"student_photos/student_{pk}_profile.png", face(2, "PNG"), content_type="image/png")
    assign = ("match_profile_photos", "assign", str(pk), f"student_{pk}_profile.png")
    kill_everywhere(*assign, every=one_of(each_storage), at_least=15)


def test_interactive(api: Any, db: None) -> None:
    """Somebody says yes, and it is killed; then they say yes again."""
    pk = enrol(api)["id"]
    storage_for().put(f"student_photos/student_{pk}_profile.jpg", face(2), content_type="image/jpeg")
    yes = ("sys", "stdin", io.StringIO("y\n"))
    kill_everywhere("match_profile_photos", "interactive", at_least=15, patches=[yes], as_json=False)


@pytest.mark.exhaustive
@pytest.mark.parametrize("what", ["migrate", "clean", "restore"])
def test_an_undo_of_an_undo(api: Any, each_storage: str, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does everything again, so it is killed as the command itself was."""
    command = {"migrate": MIGRATE, "clean": CLEAN, "restore": ("restore_student_photos",)}[what]
    if what == "clean":
        leave_unowned_files(monkeypatch, api)
    elif what == "migrate":
        two_students(api)
        reseed(NAMES)
    else:
        old_school(api, NAMES[:1])
        forgotten_register([])
    assert run(*command)[0] == 0
    done = state()
    again, killed = Killing(every=one_of(each_storage)), True
    while killed:
        assert run(*UNDO)[0] == 0
        undone = state()
        assert undone != done
        undo = Operation.objects.filter(undoes__undoes=None).exclude(undoes=None).latest("started_at")
        killed = again.life("undo_photo_operation", str(undo.pk))
        assert_same(done, again.killed)
    assert again.was_killed_often(10)


def test_an_undo_in_the_admin(api: Any, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page was still loading when the worker died; somebody presses the button again."""
    leave_unowned_files(monkeypatch, api)
    olga = make_person("olga", is_staff=True, is_superuser=True)
    before = state()
    pressing, killed = Killing(), True
    while killed:
        assert run(*CLEAN)[0] == 0
        operation = Operation.objects.filter(undoes=None).latest("started_at")
        killed = pressing.life("students.tests.killing:revert_step", olga.pk, str(operation.pk))
        assert_same(before, pressing.killed)
        operation.refresh_from_db()
        assert operation.state == "undone", pressing.killed
    assert pressing.was_killed_often(15)


def test_picks_by_eye(api: Any, db: None) -> None:
    """The last page was still loading when the worker died; somebody says yes again: one operation."""
    olga = make_person("olga", is_staff=True, is_superuser=True)
    picked = {}
    for name, seed in (("Ada", 1), ("Bea", 2)):
        key, student = f"student_photos/{name}.jpg", Student.objects.get(pk=enrol(api, name)["id"])
        storage_for().put(key, face(seed), content_type="image/jpeg")
        picked[key] = (hashlib.sha256(face(seed)).hexdigest(), student.student_id)
    before, giving, killed = state(), Killing(), True
    expected = None
    while killed:
        for key, (sha256, student_id) in picked.items():
            by_eye.stage(key=key, sha256=sha256, student_id=student_id, actor=ANONYMOUS)
        killed = giving.life("students.tests.killing:give_picks", olga.pk)
        assert not StagedMatch.objects.exists()
        assert Student.objects.with_photo().count() == 2, giving.killed
        assert Operation.objects.filter(undoes=None, state="done").count() == 1, giving.killed
        expected = expected or state()
        assert_same(expected, giving.killed)
        assert run(*UNDO)[0] == 0
        assert_same(before, giving.killed)
    assert giving.was_killed_often(20)
