"""`verify_media`: what it finds, what it never does, and where it goes on."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from photostore.commands import ONE_AT_A_TIME
from photostore.errors import StorageUnavailable
from photostore.models import StoredFile, Verification
from photostore.registration import Inspector
from photostore.storage import storage_for
from photostore.tests.inventory_files import fill, grow_old, keep, leave, run, tell

pytestmark = pytest.mark.django_db(transaction=True)


def key(name: str) -> str:
    return f"users/ada/images/{name}.jpg"


def test_all_is_well(each_storage: str) -> None:
    keep(key("a"), b"ada")
    code, told = run("verify_media")
    assert code == 0
    assert [told[what] for what in ("missing", "damaged", "orphaned", "misplaced", "symlinks")] == [[]] * 5
    assert told["counts"]["files"] == told["counts"]["present"] == 1
    assert told["coverage"] == "100 % present, 0 % re-hashed in the last 30 days, 0 damaged"


def test_an_empty_service_is_well() -> None:
    assert run("verify_media")[0] == 0


@pytest.mark.s3
def test_missing_and_damaged_are_told(each_storage: str) -> None:
    keep(key("gone"), b"ada")
    storage_for().remove(key("gone"))
    keep(key("short"), b"adalovelace")
    leave(key("short"), b"ada")
    code, told = run("verify_media")
    assert code == 1
    assert told["missing"] == [key("gone")]
    assert told["damaged"] == [key("short")]
    assert told["counts"]["present"] == 1
    assert told["coverage"].startswith("50 % present")


def test_a_person_reads_it_too(capsys: Any) -> None:
    keep(key("gone"), b"ada")
    storage_for().remove(key("gone"))
    with pytest.raises(SystemExit):
        call_command("verify_media")
    assert "1 missing: a row names it, but it is not kept" in capsys.readouterr().out


def test_an_orphan_counts_when_it_is_an_hour_old() -> None:
    keep(key("a"), b"ada")
    leave(key("unowned"), b"charlie")
    code, told = run("verify_media")
    assert (code, told["orphaned"], told["counts"]["young"]) == (0, [], 1)
    grow_old(key("unowned"))
    code, told = run("verify_media")
    assert (code, told["orphaned"], told["counts"]["young"]) == (1, [key("unowned")], 0)


def test_links_are_told_and_never_followed(tmp_path: Path) -> None:
    keep("photos/students/a/history/1.jpg", b"ada")
    students = tmp_path / "media" / "photos" / "students"
    (students / "b").symlink_to(students / "a")
    (students / "etc").symlink_to("/etc")
    code, told = run("verify_media")
    assert code == 1
    assert told["symlinks"] == ["photos/students/b", "photos/students/etc"]
    assert told["orphaned"] == []
    assert told["counts"]["files"] == 1


@pytest.mark.s3
@pytest.mark.parametrize("each_storage", ["disk", "s3"], indirect=True)
def test_one_byte_flipped_is_found_by_checksum(each_storage: str) -> None:
    count = 3_500 if each_storage == "disk" else 100  # on disk, several times what is read at once
    fill(count)
    victim = StoredFile.objects.order_by("pk")[count // 3]
    data = bytearray(storage_for().read(victim.key, max_bytes=1000))
    data[3] ^= 1
    leave(victim.key, bytes(data))
    StoredFile.objects.filter(pk=victim.pk).update(written_at=timezone.now() + timedelta(minutes=1))
    assert run("verify_media")[0] == 0  # the size is right, and it says when it was written
    code, told = run("verify_media", "--checksum")
    assert code == 1
    assert told["damaged"] == [victim.key]
    assert told["counts"]["rehashed"] == count
    # Not forgotten by a run that reads nothing else.
    code, told = run("verify_media")
    assert (code, told["damaged"], told["counts"]["rehashed"]) == (1, [victim.key], 1)


def test_what_was_written_behind_our_back_is_read_without_being_told_to(each_storage: str) -> None:
    row = keep(key("a"), b"ada")
    leave(key("a"), b"bob")
    StoredFile.objects.filter(pk=row.pk).update(written_at=timezone.now() - timedelta(hours=1))
    code, told = run("verify_media")
    assert (code, told["damaged"]) == (1, [key("a")])


def test_a_file_put_back_is_healed_in_the_figures() -> None:
    keep(key("a"), b"ada")
    leave(key("a"), b"bob")
    assert run("verify_media", "--checksum")[0] == 1
    leave(key("a"), b"ada")
    assert run("verify_media")[0] == 0


def test_a_budget_stops_and_the_next_run_goes_on(monkeypatch: Any) -> None:
    fill(60)
    from photostore.inventory import rehash

    def run_with(steps: int) -> set[int]:
        clock = iter(range(1_000_000))
        monkeypatch.setattr(rehash, "monotonic", lambda: next(clock))
        monkeypatch.setattr("photostore.inventory.verify.monotonic", lambda: 0)
        before = set(StoredFile.objects.exclude(verified_at=None).values_list("pk", flat=True))
        run("verify_media", "--checksum", "--budget", f"{steps}s")
        return set(StoredFile.objects.exclude(verified_at=None).values_list("pk", flat=True)) - before

    assert [len(run_with(25)) for _ in range(3)] == [25, 25, 10]
    oldest = StoredFile.objects.order_by("verified_at", "pk").first()
    assert oldest and oldest.verified_at
    run_with(25)
    oldest.refresh_from_db()
    newest = StoredFile.objects.order_by("-verified_at").first()
    assert newest and newest.verified_at == oldest.verified_at


def test_an_unmounted_disk_is_not_a_disk_without_photos(tmp_path: Path) -> None:
    keep(key("a"), b"ada")
    (tmp_path / "media").rename(tmp_path / "away")
    for make in (lambda: None, (tmp_path / "media").mkdir):
        make()
        before = list(StoredFile.objects.values())
        code, told = run("verify_media", "--checksum")
        assert (code, told["code"]) == (2, "storage_unavailable")
        assert "missing" not in told
        assert list(StoredFile.objects.values()) == before
        assert not Verification.objects.exists()


def test_a_new_process_does_not_believe_an_empty_folder(tmp_path: Path, settings: Any) -> None:
    keep(key("a"), b"ada")
    shutil.rmtree(tmp_path / "media")
    (tmp_path / "media").mkdir()
    settings.STORAGES = dict(settings.STORAGES)
    assert run("verify_media")[0] == 2


@pytest.mark.s3
@pytest.mark.parametrize("each_storage", ["s3"], indirect=True)
def test_a_storage_that_fails_midway_is_not_read_as_empty(each_storage: str, monkeypatch: Any) -> None:
    for name in "abc":
        keep(key(name), b"ada")
    storage: Any = storage_for()
    storage.list_page_size = 1
    really, calls = storage._pages, iter(range(100))

    def pages(*arguments: Any, **more: Any) -> Any:
        for page in really(*arguments, **more):
            if next(calls) == 1:
                raise StorageUnavailable  # what `s3_errors` makes of a 503
            yield page

    monkeypatch.setattr(storage, "_pages", pages)
    code, told = run("verify_media")
    assert (code, told["code"]) == (2, "storage_unavailable")
    assert not Verification.objects.exists()


def test_a_documented_copy_left_behind_is_brought_up(each_storage: str) -> None:
    original = keep(key("now"), b"now")
    keep("student_photos/copy.jpg", b"now", kind="export", parent=original, written_at=None)
    leave("student_photos/copy.jpg", b"before")
    code, told = run("verify_media")
    assert (code, told["counts"]["healed"], told["counts"]["stale"]) == (0, 1, 0)
    assert storage_for().read("student_photos/copy.jpg", max_bytes=10) == b"now"


def test_a_second_run_at_once_says_who_holds_the_lock() -> None:
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connection

    from photostore.commands import one_at_a_time

    def hold_and_run() -> tuple[int, dict[str, Any]]:
        try:
            return run("verify_media")
        finally:
            connection.close()

    with one_at_a_time("verify_media"), ThreadPoolExecutor(1) as pool:
        code, told = pool.submit(hold_and_run).result()
    assert code == 2
    assert "verify_media" in told["error"], ONE_AT_A_TIME


def test_a_file_that_names_somebody_else_is_misplaced(each_storage: str, monkeypatch: Any) -> None:
    inspector = Inspector(
        "tests.person",
        named=lambda data: data.decode().partition(":")[0] or None,
        expected=lambda ids: dict.fromkeys(ids, "ada"),
    )
    tell(monkeypatch, inspectors=[inspector])
    keep(key("a"), b"ada: a portrait")
    keep(key("b"), b"bob: a portrait")
    keep(key("c"), b":nobody is named")
    keep(key("d"), b"bob: of somebody whose row is gone", owner_label="tests.thing")
    code, told = run("verify_media", "--checksum")
    assert code == 1
    assert told["misplaced"] == [key("b")]
    assert told["damaged"] == []
    assert run("verify_media")[1]["misplaced"] == [key("b")]


def test_the_figures_are_kept() -> None:
    keep(key("a"), b"ada")
    run("verify_media", "--checksum")
    kept = Verification.objects.get()
    assert (kept.files, kept.present, kept.rehashed, kept.rehashed_lately) == (1, 1, 1, 1)
    assert kept.coverage == "100 % present, 100 % re-hashed in the last 30 days, 0 damaged"


def test_the_figures_stand_in_the_metrics(client: Any, settings: Any) -> None:
    settings.METRICS_TOKEN = "scraper"
    keep(key("a"), b"ada")
    keep(key("gone"), b"ada")
    storage_for().remove(key("gone"))
    headers = {"authorization": "Bearer scraper"}
    assert "photokeep_verified_files{" not in client.get("/metrics", headers=headers).content.decode()
    run("verify_media")
    shown = client.get("/metrics", headers=headers).content.decode()
    assert 'photokeep_verified_files{found="missing"} 1.0' in shown
    assert 'photokeep_verified_files{found="present"} 1.0' in shown
    assert "photokeep_verified_at_seconds" in shown


@pytest.mark.parametrize("more", [[], ["--checksum"]])
def test_counts_stay_exact_beyond_what_is_listed(monkeypatch: Any, more: list[str]) -> None:
    monkeypatch.setattr("photostore.inventory.verify.MAX_LISTED", 5)
    fill(20)
    for number in range(12):
        storage_for().remove(f"users/ada/images/{number}.jpg")
    for number in range(12, 20):
        storage_for().put(f"users/ada/images/{number}.jpg", b"longer than it was", content_type="image/jpeg")
    for _ in range(2):
        code, said = run("verify_media", *more)
        counts = said["counts"]
        assert (code, counts["missing"], counts["damaged"], counts["present"]) == (1, 12, 8, 8)
        assert (len(said["missing"]), len(said["damaged"])) == (5, 5)
