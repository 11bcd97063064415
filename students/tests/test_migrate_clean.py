"""`migrate_orphaned_photos --clean`: only what nobody claims, never the young, never too much at once."""

from __future__ import annotations

import multiprocessing
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.management import call_command

from photostore.commands import one_at_a_time
from photostore.models import QuarantinedFile
from photostore.storage import storage_for
from photostore.tests.inventory_files import run
from students.recovery.reassign import clean as cleaning
from students.tests.reseeding import forget_everything, links, old_school, reseed, tree, undo_last
from students.tests.school import enrol, face


@pytest.fixture
def old(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files written a moment ago count as old."""
    monkeypatch.setattr(cleaning, "YOUNG", timedelta(seconds=-60))


def put(name: str, seed: int) -> None:
    storage_for().put(f"student_photos/{name}", face(seed), content_type="image/jpeg")


def clean(*more: str) -> tuple[int, dict[str, Any]]:
    return run("migrate_orphaned_photos", "--clean", *more)


def test_without_confirm_nothing_changes(api: Any, old: None, each_storage: str) -> None:
    enrol(api, photo=face(1))
    put("x.jpg", 2)
    before = tree(), links()
    code, said = clean()
    assert (code, said["would_take"], said["only_copies"]) == (0, ["student_photos/x.jpg"], 1)
    assert (tree(), links()) == before


@pytest.mark.s3
def test_with_confirm_it_goes_to_quarantine_and_comes_back(api: Any, old: None, each_storage: str) -> None:
    enrol(api, photo=face(1))
    put("x.jpg", 2)
    before = tree(), links()
    code, said = clean("--confirm")
    assert (code, said["moved"]) == (0, 1)
    row = QuarantinedFile.objects.get()
    assert storage_for().read(f"quarantine/{row.operation}/{row.key}", max_bytes=2**26) == face(2)
    assert not undo_last().skipped
    assert (tree(), links()) == before


def test_young_files_are_left_and_counted(api: Any) -> None:
    enrol(api, photo=face(1))
    put("x.jpg", 2)
    code, said = clean("--confirm")
    assert (code, said["moved"], said["young"]) == (0, 0, 1)


def test_what_evidence_claims_stays(api: Any, old: None) -> None:
    old_school(api)
    reseed()
    enrol(api, "Somebody", photo=face(1))
    before = tree(), links()
    code, said = clean("--confirm")
    assert (code, said["moved"]) == (0, 0)
    assert said["claimed"] > 0
    assert (tree(), links()) == before


def test_an_empty_database_refuses(api: Any, old: None) -> None:
    old_school(api)
    forget_everything()
    before = tree()
    for more in (["--confirm"], ["--confirm", "--force"]):
        code, said = clean(*more)
        assert (code, said["code"]) == (2, "refused")
    assert tree() == before


def test_too_much_at_once_needs_force(api: Any, old: None) -> None:
    enrol(api, photo=face(1))
    for number in range(21):
        put(f"picture-{number}.jpg", 100 + number)
    before = tree()
    code, said = clean("--confirm")
    assert (code, said["code"]) == (2, "refused")
    assert tree() == before
    assert clean("--confirm", "--force")[1]["moved"] == 21


def test_a_missing_root_refuses(api: Any, settings: Any, tmp_path: Any, old: None) -> None:
    enrol(api, photo=face(1))
    (tmp_path / "media").rename(tmp_path / "unmounted")
    assert clean("--confirm")[0] == 2


def hold_the_lock(held: Any, done: Any) -> None:
    from django.db import connections

    connections.close_all()
    with one_at_a_time("verify_media"):
        held.set()
        done.wait(30)


@pytest.mark.django_db(transaction=True)
def test_a_second_command_exits_with_2_and_says_who_is_at_work(capsys: Any) -> None:
    context = multiprocessing.get_context("fork")
    held, done = context.Event(), context.Event()
    other = context.Process(target=hold_the_lock, args=(held, done))
    from django.db import connections

    connections.close_all()
    other.start()
    try:
        assert held.wait(30)
        with pytest.raises(SystemExit) as ended:
            call_command("migrate_orphaned_photos", "--list")
        assert ended.value.code == 2
        assert "Another command is running: verify_media (process" in capsys.readouterr().err
    finally:
        done.set()
        other.join(30)


def test_clean_removes_the_empty_folders_of_nobody(api: Any) -> None:
    """S1 left some; those of students who are here stay, and whatever holds a file."""
    here, gone, kept = enrol(api, "Ada", photo=face(2))["student_id"], str(uuid4()), str(uuid4())
    root = Path(settings.MEDIA_ROOT) / "photos/students"
    for name in (here, gone, "no-uuid"):
        (root / name / "attendance").mkdir(parents=True, exist_ok=True)
    (root / kept / "attendance").mkdir(parents=True)
    (root / kept / "attendance/2025-01-10_AM.jpg").write_bytes(face(1))
    assert run("migrate_orphaned_photos", "--clean")[0] == 0
    assert (root / gone).exists()
    code, said = run("migrate_orphaned_photos", "--clean", "--confirm")
    assert (code, said["folders_removed"]) == (0, 1)
    assert {one.name for one in root.iterdir()} == {here, kept, "no-uuid"}
    assert (root / kept / "attendance/2025-01-10_AM.jpg").exists()
