"""A root that is gone, links that lead astray, folders that are pruned under a writer's feet."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.exceptions import SuspiciousFileOperation

from photostore.errors import Conflict, FileMissing, StorageAway
from photostore.storage.disk import DiskStorage
from photostore.storage.folders import ROOT_MARKER

JPEG = "image/jpeg"


def test_a_root_that_never_was_is_made_by_the_first_put(root: Path) -> None:
    storage = DiskStorage(root)
    storage.ping()
    assert not storage.is_prepared()
    with pytest.raises(StorageAway):
        storage.stat("a")

    storage.put("a", b"x", content_type=JPEG)

    assert storage.is_prepared()
    assert storage.stat("b") is None


def test_the_first_puts_of_many_threads_make_one_root(tmp_path: Path) -> None:
    for attempt in range(30):
        disk, barrier, failures = DiskStorage(tmp_path / str(attempt)), Barrier(6), []

        def put(
            key: str, disk: DiskStorage = disk, barrier: Barrier = barrier, failed: Any = failures
        ) -> None:
            barrier.wait()
            try:
                disk.put(key, b"x", content_type=JPEG)
            except BaseException as error:
                failed.append(error)

        threads = [Thread(target=put, args=(f"{number}/x",)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert len(list(disk.scan())) == 6


def test_a_root_without_a_parent_is_a_mistake_not_a_wish(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path / "not" / "there")
    for attempt in (lambda: storage.put("a", b"x", content_type=JPEG), storage.ping, storage.prepare):
        with pytest.raises(StorageAway):
            attempt()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fate", ["removed", "emptied", "a file now"])
def test_a_root_that_is_gone_is_not_an_empty_one(disk: DiskStorage, root: Path, fate: str) -> None:
    disk.put("a/b", b"x", content_type=JPEG)
    shutil.rmtree(root)
    if fate == "emptied":
        root.mkdir()
    elif fate == "a file now":
        root.write_bytes(b"")

    for attempt in (
        lambda: disk.stat("a/b"),
        lambda: disk.stream("a/b"),
        lambda: disk.exists("a/b"),
        lambda: disk.remove("a/b"),
        lambda: disk.move("a/b", "c"),
        lambda: disk.put("a/c", b"x", content_type=JPEG),
        lambda: list(disk.walk()),
        lambda: list(disk.walk("a/")),
        lambda: disk.listdir(""),
        disk.ping,
    ):
        with pytest.raises(StorageAway) as away:
            attempt()
        assert str(root) not in str(away.value)


def test_files_that_were_there_before_us_are_found(root: Path) -> None:
    (root / "student_photos").mkdir(parents=True)
    (root / "student_photos" / "12345.jpg").write_bytes(b"legacy")
    storage = DiskStorage(root)

    assert storage.read("student_photos/12345.jpg", max_bytes=10) == b"legacy"
    assert storage.stat("student_photos/other.jpg") is None
    assert [found.key for found in storage.scan("student_photos/")] == ["student_photos/12345.jpg"]


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
        lambda: linked.copy(key, "new", content_type=JPEG),
        lambda: linked.move(key, "new"),
    ):
        with pytest.raises(FileMissing):
            attempt()
    assert linked.remove(key) is False


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


def test_everything_else_in_the_root_is_sorted_in_one_walk(disk: DiskStorage, root: Path) -> None:
    disk.put("a/photo.jpg", b"x", content_type=JPEG)
    partial = f"a/.{'0' * 32}.part"
    (root / partial).write_bytes(b"half")
    (root / "lost+found").mkdir(mode=0o000)
    (root / os.fsdecode(b"caf\xe9.jpg")).write_bytes(b"x")
    (root / "back\\slash").write_bytes(b"x")
    os.mkfifo(root / "pipe")

    assert {(found.kind, found.key) for found in disk.walk()} == {
        ("file", "a/photo.jpg"),
        ("partial", partial),
        ("unusable", "caf\\udce9.jpg"),
        ("unusable", "back\\\\slash"),
    }
    assert [found.key for found in disk.partials()] == [partial]
    assert disk.stat("pipe") is None
    with pytest.raises(FileMissing):
        disk.open_file("pipe")
    with pytest.raises(SuspiciousFileOperation):
        disk.put(partial, b"x", content_type=JPEG)
    assert disk.remove(partial)


def test_files_are_for_the_services_own_user(disk: DiskStorage, root: Path) -> None:
    disk.put("a/b", b"x", content_type=JPEG)
    modes = [stat.S_IMODE((root / name).stat().st_mode) for name in ("", "a", "a/b")]
    assert modes == [0o700, 0o700, 0o600]


def test_a_web_server_may_be_let_in_whatever_the_umask(root: Path, settings: Any) -> None:
    settings.FILE_UPLOAD_PERMISSIONS, settings.FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o640, 0o750
    before = os.umask(0o077)
    try:
        DiskStorage(root).put("a/b", b"x", content_type=JPEG)
    finally:
        os.umask(before)
    modes = [stat.S_IMODE((root / name).stat().st_mode) for name in ("", "a", "a/b")]
    assert modes == [0o750, 0o750, 0o640]


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


def test_a_folder_left_empty_goes_and_a_full_one_stays(disk: DiskStorage, root: Path) -> None:
    disk.put("a/b/c/one", b"x", content_type=JPEG)
    disk.put("a/two", b"x", content_type=JPEG)
    disk.remove("a/b/c/one")
    assert sorted(path.name for path in (root / "a").iterdir()) == ["two"]
    disk.move("a/two", "three")
    assert not (root / "a").exists()


def test_a_put_survives_the_pruning_of_its_folder(disk: DiskStorage) -> None:
    """Four writers and four removers share folders that are empty half of the time."""
    barrier, failures = Barrier(8), []

    def work(number: int) -> None:
        key = f"a/b/c/{number % 4}"
        barrier.wait()
        try:
            for _ in range(300):
                if number < 4:
                    disk.put(key, b"x", content_type=JPEG, durable=False)
                    disk.remove(key, durable=False)
                else:
                    disk.put(f"a/{number}/x", b"x", content_type=JPEG, durable=False)
                    disk.move(f"a/{number}/x", f"a/b/{number}/y")
                    disk.remove(f"a/b/{number}/y", durable=False)
        except BaseException as error:
            failures.append(error)

    threads = [Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert list(disk.walk()) == []


def test_a_folder_pruned_just_before_the_draft(disk: DiskStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = os.open, []

    def prunes_once(path: Any, flags: int, *more: Any, dir_fd: int | None = None) -> int:
        if str(path).endswith(".part") and not calls:
            calls.append(path)
            shutil.rmtree(disk._folders.root / "a")
        return real(path, flags, *more, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", prunes_once)
    disk.put("a/b/c", b"x", content_type=JPEG)
    assert calls
    assert disk.read("a/b/c", max_bytes=1) == b"x"


def test_a_move_that_was_killed_half_way_is_finished(disk: DiskStorage, root: Path) -> None:
    disk.put("one", b"x", content_type=JPEG)
    os.link(root / "one", root / "two")
    disk.move("one", "two")
    assert [found.key for found in disk.walk()] == ["two"]


def test_a_file_system_without_hard_links(disk: DiskStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(os, "link", refuse)
    disk.put("one", b"1", content_type=JPEG)
    disk.move("one", "a/two")
    disk.put("three", b"3", content_type=JPEG)
    with pytest.raises(Conflict):
        disk.move("three", "a/two")
    assert {found.key for found in disk.walk()} == {"a/two", "three"}


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.EMFILE])
def test_what_cannot_be_told_is_never_absent(
    disk: DiskStorage, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    disk.put("a/b", b"x", content_type=JPEG)
    real = os.open

    def fail_below_the_root(path: Any, flags: int, *more: Any, dir_fd: int | None = None) -> int:
        if dir_fd is not None:
            raise OSError(number, "injected")
        return real(path, flags, *more, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", fail_below_the_root)
    for attempt in (
        lambda: disk.stat("a/b"),
        lambda: disk.stream("a/b"),
        lambda: disk.remove("a/b"),
        lambda: list(disk.scan()),
    ):
        with pytest.raises(StorageAway):
            attempt()
