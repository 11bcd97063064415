"""`cleanup_orphaned_photos`: what goes, what stays, what it refuses; and what arrives meanwhile is kept."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from photostore.models import Operation, QuarantinedFile
from photostore.tests.inventory_files import fill, grow_old, keep, leave, run
from testing.kept import stored

pytestmark = pytest.mark.django_db(transaction=True)

ORPHAN = "photos/students/0b4c4b52-6f6c-4d55-9a51-0d3a1a6f3f01/history/ada.jpg"
THUMBNAIL = "derived/students/0b4c4b52-6f6c-4d55-9a51-0d3a1a6f3f01/ada_96.webp"


@pytest.fixture(autouse=True)
def old(monkeypatch: Any, request: Any) -> None:
    """On S3 nothing can be made old, so there everything counts as old."""
    if "each_storage" in request.fixturenames and request.getfixturevalue("each_storage") == "s3":
        monkeypatch.setattr("photostore.management.commands.cleanup_orphaned_photos.YOUNG", timedelta())


def sweep(*arguments: str, storage: str = "disk") -> tuple[int, dict[str, Any]]:
    if storage == "s3":
        import time

        time.sleep(2.1)  # it counts whole seconds
        arguments = (*arguments, "--older-than", "1s")
    return run("cleanup_orphaned_photos", *arguments)


def abandon(key: str, data: bytes, storage: str = "disk") -> None:
    leave(key, data)
    if storage == "disk":
        grow_old(key)


def test_it_is_dry_by_default(each_storage: str) -> None:
    fill(10)
    abandon(ORPHAN, b"ada", each_storage)
    abandon(THUMBNAIL, b"ada", each_storage)
    before = stored()
    code, told = sweep(storage=each_storage)
    assert (code, told["set_aside"], told["remove"], told["confirmed"]) == (0, [ORPHAN], [THUMBNAIL], False)
    assert stored() == before
    assert not Operation.objects.exists()


@pytest.mark.s3
def test_photos_are_set_aside_and_brought_back_byte_for_byte(each_storage: str) -> None:
    fill(10)
    abandon(ORPHAN, b"ada", each_storage)
    abandon("users/ada/images/gallery_1.jpg", b"a gallery", each_storage)
    before = stored()
    code, told = sweep("--confirm", storage=each_storage)
    assert (code, told["done"]) == (0, {"set_aside": 2, "removed": 0, "left": 0})
    assert stored() == {
        (
            f"quarantine/{told['operation']}/{key}"
            if "ada" in key and data in (b"ada", b"a gallery")
            else key
        ): data
        for key, data in before.items()
    }
    assert QuarantinedFile.objects.count() == 2
    assert run("undo_photo_operation", told["operation"])[0] == 0
    assert stored() == before
    assert not QuarantinedFile.objects.exists()


def test_thumbnails_and_halves_go_for_good(tmp_path: Path) -> None:
    fill(10)
    abandon(THUMBNAIL, b"ada")
    half = "users/ada/images/." + "a" * 32 + ".part"
    (tmp_path / "media" / half).write_bytes(b"half")
    grow_old(half)
    code, told = sweep("--confirm")
    assert (code, told["done"]) == (0, {"set_aside": 0, "removed": 2, "left": 0})
    assert len(stored()) == 10
    assert not (tmp_path / "media" / half).exists()
    assert not Operation.objects.exists()


def test_young_files_are_left_alone_and_counted() -> None:
    fill(10)
    leave(ORPHAN, b"ada")
    code, told = sweep("--confirm")
    assert (code, told["counts"]["young"], told["done"]["set_aside"]) == (0, 1, 0)
    assert ORPHAN in stored()


def test_no_younger_than_an_hour() -> None:
    fill(1)
    assert run("cleanup_orphaned_photos", "--older-than", "5m")[0] == 2


def test_a_second_run_finds_nothing() -> None:
    fill(10)
    abandon(ORPHAN, b"ada")
    sweep("--confirm")
    code, told = sweep("--confirm")
    assert (code, told["done"]) == (0, {"set_aside": 0, "removed": 0, "left": 0})
    assert Operation.objects.count() == 1


def test_an_empty_register_is_refused() -> None:
    abandon(ORPHAN, b"ada")
    code, told = sweep("--confirm", "--force")
    assert code == 2
    assert "lists no files" in told["error"]
    assert ORPHAN in stored()


def test_an_unmounted_disk_is_refused(tmp_path: Path) -> None:
    fill(1)
    (tmp_path / "media").rename(tmp_path / "away")
    assert sweep("--confirm", "--force")[0] == 2
    (tmp_path / "media").mkdir()
    assert sweep("--confirm", "--force")[0] == 2
    assert not Operation.objects.exists()


def test_too_much_is_refused_unless_forced() -> None:
    fill(50)
    for number in range(21):
        abandon(f"users/bob/images/{number}.jpg", f"bob {number}".encode())
    assert sweep()[1]["refusal"]
    code, told = sweep("--confirm")
    assert (code, told["code"]) == (2, "too_much")
    assert len(stored()) == 71
    code, told = sweep("--confirm", "--force")
    assert (code, told["done"]["set_aside"]) == (0, 21)


def test_twenty_may_always_go() -> None:
    fill(3)
    for number in range(20):
        abandon(f"users/bob/images/{number}.jpg", f"bob {number}".encode())
    assert sweep("--confirm")[1]["done"]["set_aside"] == 20


def test_bytes_that_exist_elsewhere_do_not_count() -> None:
    fill(30)
    for number in range(30):
        abandon(f"users/bob/images/{number}.jpg", f"photo {number}".encode())
    assert sweep("--confirm")[1]["done"]["set_aside"] == 30


def test_a_safe_copy_in_the_same_place_is_nobodys_orphan(settings: Any) -> None:
    settings.STORAGES = settings.STORAGES | {"safe": settings.STORAGES["default"]}
    fill(5)
    keep("photos/students/a/profile.jpg", b"safe", alias="safe")
    grow_old("photos/students/a/profile.jpg")
    abandon(ORPHAN, b"ada")
    assert sweep("--confirm")[1]["set_aside"] == [ORPHAN]


def test_links_are_never_followed(tmp_path: Path) -> None:
    fill(10)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious.jpg").write_bytes(b"precious")
    (tmp_path / "media" / "users" / "link").symlink_to(outside)
    code, told = sweep("--confirm")
    assert (code, told["set_aside"]) == (0, [])
    assert (outside / "precious.jpg").read_bytes() == b"precious"


def test_a_person_reads_it_too(capsys: Any) -> None:
    fill(10)
    abandon(ORPHAN, b"ada")
    call_command("cleanup_orphaned_photos")
    shown = capsys.readouterr().out
    assert f"set aside  {ORPHAN}  3 bytes" in shown
    assert "Nothing was changed; add --confirm to do it." in shown
