"""The root of a disk storage: new, shared, gone, odd; and what a disk cannot do or tell."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.exceptions import SuspiciousFileOperation

from photostore.errors import Conflict, FileMissing, StorageUnavailable
from photostore.storage.disk import DiskStorage
from photostore.storage.folders import ROOT_MARKER
from testing.service import HOME

JPEG = "image/jpeg"

NO_HARD_LINK = [errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.EINVAL, errno.EIO, errno.ENOSYS]


def test_a_root_that_never_was_is_made_by_the_first_put(root: Path) -> None:
    storage = DiskStorage(root)
    storage.ping()
    assert not storage.is_prepared()
    with pytest.raises(StorageUnavailable):
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
        with pytest.raises(StorageUnavailable):
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
        with pytest.raises(StorageUnavailable) as away:
            attempt()
        assert str(root) not in str(away.value)


def test_files_that_were_there_before_us_are_found(root: Path) -> None:
    (root / "student_photos").mkdir(parents=True)
    (root / "student_photos" / "12345.jpg").write_bytes(b"legacy")
    storage = DiskStorage(root)

    assert storage.read("student_photos/12345.jpg", max_bytes=10) == b"legacy"
    assert storage.stat("student_photos/other.jpg") is None
    assert [found.key for found in storage.scan("student_photos/")] == ["student_photos/12345.jpg"]


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
    settings.MEDIA_FILE_MODE, settings.MEDIA_FOLDER_MODE = 0o640, 0o2750
    before = os.umask(0o077)
    try:
        DiskStorage(root).put("a/b", b"x", content_type=JPEG)
    finally:
        os.umask(before)
    modes = [stat.S_IMODE((root / name).stat().st_mode) for name in ("", "a", "a/b", ROOT_MARKER)]
    assert modes == [0o2750, 0o2750, 0o640, 0o640]


def test_a_move_that_was_killed_half_way_is_finished(disk: DiskStorage, root: Path) -> None:
    disk.put("one", b"x", content_type=JPEG)
    os.link(root / "one", root / "two")
    disk.move("one", "two")
    assert [found.key for found in disk.walk()] == ["two"]


@pytest.mark.parametrize("number", NO_HARD_LINK, ids=errno.errorcode.get)
def test_a_file_system_without_hard_links(
    disk: DiskStorage, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(number, "no hard links here")

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
        with pytest.raises(StorageUnavailable):
            attempt()


@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOTSUP, errno.ENOSYS], ids=errno.errorcode.get)
def test_a_mount_that_knows_no_modes(
    root: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(number, "no modes here")

    settings.MEDIA_FILE_MODE, settings.MEDIA_FOLDER_MODE = 0o640, 0o750
    monkeypatch.setattr(os, "fchmod", refuse)
    DiskStorage(root).put("a/b", b"x", content_type=JPEG)
    assert (root / "a/b").read_bytes() == b"x"


MOVING = """
import sys
from django.conf import settings
settings.configure()
from photostore.storage.disk import DiskStorage
disk = DiskStorage(sys.argv[1])
disk.put("one", b"x", content_type="image/jpeg")
disk.move("one", "a/two")
"""


@pytest.mark.parametrize("call", ["linkat:error=EINVAL", "linkat:error=EIO", "linkat:error=ENOSYS"])
def test_a_kernel_that_says_no(root: Path, call: str) -> None:
    """The very errors of CIFS and FUSE, from the system call itself."""
    strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call.partition(':')[0]}"]
    program = [sys.executable, "-c", MOVING, str(root)]
    subprocess.run([*strace, "-e", f"inject={call}", *program], check=True, cwd=HOME)
    assert [found.key for found in DiskStorage(root).walk()] == ["a/two"]
