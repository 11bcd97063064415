"""Symbolic links in the media root lead nowhere: not for a reader, not for a writer."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import SuspiciousFileOperation

from photostore.errors import FileMissing
from photostore.storage import beneath
from photostore.storage.disk import DiskStorage
from photostore.storage.folders import ROOT_MARKER

JPEG = "image/jpeg"


def test_the_root_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    storage = DiskStorage(tmp_path / "link")
    storage.put("a/b", b"x", content_type=JPEG)

    assert (tmp_path / "real" / "a" / "b").read_bytes() == b"x"
    assert storage.read("a/b", max_bytes=1) == b"x"


@pytest.fixture
def linked(disk: DiskStorage, root: Path, tmp_path: Path) -> DiskStorage:
    """A storage into which somebody put links to a file, to a folder, to a folder inside, and to nowhere."""
    disk.put("real/photo.jpg", b"ours", content_type=JPEG)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_bytes(b"theirs")
    (root / "file").symlink_to(tmp_path / "outside" / "secret")
    (root / "etc").symlink_to("/etc")
    (root / "inner").symlink_to("real")
    (root / "nowhere").symlink_to(tmp_path / "missing")
    return disk


@pytest.mark.parametrize("key", ["file", "etc/passwd", "inner/photo.jpg", "nowhere", "nowhere/x", "real"])
def test_what_is_behind_a_link_is_no_file_of_ours(linked: DiskStorage, key: str) -> None:
    assert linked.stat(key) is None
    for attempt in (
        lambda: linked.stream(key),
        lambda: linked.read(key, max_bytes=10**6),
        lambda: linked.copy(key, "new", content_type=JPEG),
        lambda: linked.move(key, "new"),
    ):
        with pytest.raises(FileMissing):
            attempt()
    assert linked.remove(key) is False
    assert linked.sizes(["real/photo.jpg", key, "real/photo.jpg"]) == [4, None, 4]


def test_reading_without_the_one_call_is_the_same(
    linked: DiskStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beneath, "_libc", None)
    assert linked.read("real/photo.jpg", max_bytes=4) == b"ours"
    with pytest.raises(FileMissing):
        linked.read("inner/photo.jpg", max_bytes=4)


@pytest.mark.parametrize("key", ["etc/photokeep-test", "inner/new.jpg", "nowhere/x", "real/photo.jpg/x"])
def test_nothing_is_written_through_a_link(linked: DiskStorage, root: Path, key: str) -> None:
    with pytest.raises(SuspiciousFileOperation):
        linked.put(key, b"x", content_type=JPEG)
    with pytest.raises(SuspiciousFileOperation):
        linked.move("real/photo.jpg", key)
    assert not Path("/etc/photokeep-test").exists()
    assert {path.name for path in (root / "real").iterdir()} == {"photo.jpg"}


def test_a_put_onto_a_link_replaces_the_link(linked: DiskStorage, tmp_path: Path) -> None:
    linked.put("file", b"ours now", content_type=JPEG)
    assert linked.read("file", max_bytes=10) == b"ours now"
    assert (tmp_path / "outside" / "secret").read_bytes() == b"theirs"


def test_a_put_onto_a_folder_is_refused(linked: DiskStorage, root: Path) -> None:
    with pytest.raises(SuspiciousFileOperation):
        linked.put("real", b"x", content_type=JPEG)
    assert sorted(path.name for path in root.iterdir()) == sorted(
        [ROOT_MARKER, "etc", "file", "inner", "nowhere", "real"]
    )


def test_links_are_reported_and_not_followed(linked: DiskStorage) -> None:
    assert [found.key for found in linked.scan()] == ["real/photo.jpg"]
    assert set(linked.symlinks()) == {"file", "etc", "inner", "nowhere"}
    assert list(linked.symlinks("in")) == ["inner"]
    assert list(linked.scan("etc/")) == []


def test_no_descriptor_is_left_open(linked: DiskStorage) -> None:
    def all_of_it() -> None:
        linked.put("real/x", b"1", content_type=JPEG)
        linked.stat("real/x")
        linked.stat("etc/passwd")
        b"".join(linked.stream("real/x"))
        linked.copy("real/x", "far/y", content_type=JPEG)
        linked.remove("real/x")
        linked.move("far/y", "real/x")
        list(linked.walk())
        linked.listdir("real")
        with pytest.raises(SuspiciousFileOperation):
            linked.put("etc/x", b"", content_type=JPEG)
        next(linked.walk())

    all_of_it()
    before = len(list(Path("/dev/fd").iterdir()))
    for _ in range(20):
        all_of_it()
    assert len(list(Path("/dev/fd").iterdir())) == before
