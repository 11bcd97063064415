"""The diff of a storage against the register: every kind of finding, on disk and on S3."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from photostore.errors import StorageUnavailable
from photostore.inventory import differences, listed, orphans
from photostore.models import PendingRemoval, StoredFile
from photostore.references import root_of, storage_roots
from photostore.storage import storage_for
from photostore.tests.inventory_files import found, keep, leave

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.s3]


def test_a_store_in_order_has_no_differences(each_storage: str) -> None:
    keep("users/ada/images/profile_1.jpg", b"ada")
    assert found() == {}


def test_each_difference_is_told(each_storage: str) -> None:
    keep("users/ada/images/gone.jpg", b"ada")
    storage_for().remove("users/ada/images/gone.jpg")
    keep("users/ada/images/short.jpg", b"adalovelace")
    leave("users/ada/images/short.jpg", b"ada")
    leave("users/ada/images/unowned.jpg", b"charlie")
    assert found() == {
        "missing": {"users/ada/images/gone.jpg"},
        "damaged": {"users/ada/images/short.jpg"},
        "orphaned": {"users/ada/images/unowned.jpg"},
    }


def test_without_sizes_it_still_knows_who_is_there(each_storage: str) -> None:
    keep("users/ada/images/gone.jpg", b"ada")
    storage_for().remove("users/ada/images/gone.jpg")
    keep("users/ada/images/here.jpg", b"ada")
    leave("users/ada/images/unowned.jpg", b"charlie")
    assert found(sizes=False) == {
        "missing": {"users/ada/images/gone.jpg"},
        "orphaned": {"users/ada/images/unowned.jpg"},
    }


def test_an_orphan_comes_with_its_size_and_time(each_storage: str) -> None:
    leave("users/ada/images/unowned.jpg", b"charlie")
    for sizes in (True, False):
        with listed(root_of("default"), sizes=sizes) as listing:
            (orphan,) = differences(listing)
        assert orphan.byte_size == 7
        assert orphan.is_young


def test_only_what_is_below_the_prefix_counts(each_storage: str) -> None:
    leave("users/ada/images/a.jpg", b"a")
    leave("student_photos/b.jpg", b"b")
    keep("student_photos/gone.jpg", b"c")
    storage_for().remove("student_photos/gone.jpg")
    assert {file.key for file in orphans("default", "users/")} == {"users/ada/images/a.jpg"}
    with listed(root_of("default"), "users/") as listing:
        assert [finding.key for finding in differences(listing)] == ["users/ada/images/a.jpg"]


def test_what_waits_in_the_outbox_is_nobodys_orphan(each_storage: str) -> None:
    keep("users/ada/images/going.jpg", b"ada").delete()
    assert PendingRemoval.objects.count() == 1
    assert found() == {}


def test_what_was_set_aside_is_no_orphan(each_storage: str) -> None:
    leave("quarantine/0d9f8f4c-8b4e-4d55-9a51-0d3a1a6f3f01/users/ada/a.jpg", b"ada")
    assert found() == {}


def test_a_stale_copy_is_neither_missing_nor_damaged_nor_an_orphan(each_storage: str) -> None:
    original = keep("users/ada/images/now.jpg", b"now")
    for name, left in (("absent", None), ("older", b"an older photo")):
        keep(f"student_photos/{name}.jpg", b"now", kind="export", parent=original, written_at=None)
        storage_for().remove(f"student_photos/{name}.jpg")
        if left:
            leave(f"student_photos/{name}.jpg", left)
    assert found() == {}


def test_a_file_written_behind_our_back_is_worth_reading(each_storage: str) -> None:
    row = keep("users/ada/images/a.jpg", b"ada")
    StoredFile.objects.filter(pk=row.pk).update(written_at=timezone.now() - timedelta(days=1))
    assert found() == {"touched": {"users/ada/images/a.jpg"}}
    StoredFile.objects.filter(pk=row.pk).update(verified_at=timezone.now() + timedelta(seconds=2))
    assert found() == {}


def test_a_row_written_during_the_pass_is_looked_at_again(each_storage: str) -> None:
    keep("users/ada/images/before.jpg", b"ada")
    with listed(root_of("default")) as listing:
        keep("users/ada/images/after.jpg", b"ada")  # too late for the listing, there all the same
        keep("users/ada/images/lost.jpg", b"ada")
        storage_for().remove("users/ada/images/lost.jpg")
        assert [(one.difference, one.key) for one in differences(listing)] == [
            ("missing", "users/ada/images/lost.jpg")
        ]


def test_a_file_registered_during_the_pass_is_no_orphan(each_storage: str) -> None:
    leave("users/ada/images/a.jpg", b"ada")
    with listed(root_of("default")) as listing:
        keep("users/ada/images/a.jpg", b"ada")
        assert list(differences(listing)) == []


def test_two_aliases_of_one_place_are_listed_once(settings: Any, each_storage: str) -> None:
    settings.STORAGES = settings.STORAGES | {"safe": settings.STORAGES["default"]}
    assert [place.aliases for place in storage_roots()] == [("default", "safe")]
    keep("photos/students/a/profile.jpg", b"safe copy", alias="safe")
    leave("photos/students/b/profile.jpg", b"nobody's")
    assert [file.key for file in orphans()] == ["photos/students/b/profile.jpg"]


def test_more_files_than_one_batch(each_storage: str) -> None:
    count = 1_200 if each_storage == "disk" else 30
    for number in range(count):
        leave(f"users/ada/images/{number}.jpg", b"")
    assert len({file.key for file in orphans()}) == count


def test_links_partials_and_odd_names_are_told_apart(tmp_path: Path) -> None:
    keep("users/ada/images/a.jpg", b"ada")
    folder = tmp_path / "media" / "users" / "ada" / "images"
    (folder / "link.jpg").symlink_to("/etc/passwd")
    (folder / ("." + "a" * 32 + ".part")).write_bytes(b"half")
    (folder / "back\\slash.jpg").write_bytes(b"odd")
    with listed(root_of("default")) as listing:
        assert list(listing.others("symlink")) == ["users/ada/images/link.jpg"]
        assert [key[-5:] for key in listing.others("partial")] == [".part"]
        assert list(listing.others("unusable")) == [r"users/ada/images/back\\slash.jpg"]
        assert list(differences(listing)) == []
        assert listing.file_count == 1


def test_a_place_that_was_never_used_is_empty() -> None:
    assert found() == {}


def test_an_unmounted_disk_is_no_empty_place(tmp_path: Path) -> None:
    keep("users/ada/images/a.jpg", b"ada")
    (tmp_path / "media").rename(tmp_path / "elsewhere")
    with pytest.raises(StorageUnavailable):
        found()
    (tmp_path / "media").mkdir()
    with pytest.raises(StorageUnavailable):
        found()


def test_an_empty_folder_is_not_believed_by_a_new_process(tmp_path: Path, settings: Any) -> None:
    keep("users/ada/images/a.jpg", b"ada")
    (tmp_path / "media").rename(tmp_path / "elsewhere")
    (tmp_path / "media").mkdir()
    settings.STORAGES = dict(settings.STORAGES)  # storages that have not seen the mark
    with pytest.raises(StorageUnavailable):
        found()
