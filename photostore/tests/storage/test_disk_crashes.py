"""Rule 1: whatever is interrupted, a reader sees the old photo or the new one, whole."""

from __future__ import annotations

import errno
import io
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from photostore.errors import FileMissing, StorageFull, StorageUnavailable
from photostore.storage.base import Put
from photostore.storage.disk import DiskStorage

JPEG = "image/jpeg"
KEY = "photos/students/0c5e/history/ab.jpg"
SIZE = 400_000

WRITER = """
import sys
from django.conf import settings
settings.configure()
from photostore.storage.disk import DiskStorage
storage = DiskStorage(sys.argv[1])
storage.put("ready", b"", content_type="text/plain")
print(flush=True)
number = 0
while True:
    number += 1
    storage.put(f"a/{number % 3}/photo.jpg", bytes([number % 255 + 1]) * 400_000, content_type="image/jpeg")
    if number % 5 == 0:
        storage.remove("a/0/photo.jpg")
"""


def names_below(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()} - {".photokeep-root"}


def test_killed_at_any_moment_nothing_partial_has_a_final_name(root: Path) -> None:
    chance = random.Random(7)
    for _ in range(12):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(root)], stdout=subprocess.PIPE)
        with writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(chance.uniform(0.0, 0.06))
            writer.send_signal(signal.SIGKILL)
        storage = DiskStorage(root)
        for found in storage.scan("a/"):
            content = storage.read(found.key, max_bytes=SIZE + 1)
            assert len(content) == SIZE
            assert len(set(content)) == 1
        for left_over in storage.partials():
            assert storage.remove(left_over.key)
        assert list(DiskStorage(root).partials()) == []


@pytest.fixture
def stored(disk: DiskStorage) -> DiskStorage:
    disk.put(KEY, b"old", content_type=JPEG)
    return disk


@pytest.mark.parametrize("call", ["write", "fsync", "rename"])
@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.ENOSPC, StorageFull),
        (errno.EDQUOT, StorageFull),
        (errno.EIO, StorageUnavailable),
        (errno.EROFS, StorageUnavailable),
        (errno.ESTALE, StorageUnavailable),
    ],
)
def test_a_failing_system_call_leaves_the_old_photo_and_no_rubbish(
    stored: DiskStorage,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    number: int,
    expected: type[Exception],
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError(number, "injected")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        with pytest.raises(expected) as failure:
            stored.put(KEY, b"new", content_type=JPEG)

    assert type(failure.value) is expected
    assert str(root) not in str(failure.value)
    assert stored.read(KEY, max_bytes=10) == b"old"
    assert names_below(root) == {KEY}


def test_a_failing_reader_is_the_callers_own_error(stored: DiskStorage, root: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise ConnectionResetError("the client went away")

    with pytest.raises(ConnectionResetError):
        stored.put(KEY, Broken(), content_type=JPEG)
    assert stored.read(KEY, max_bytes=10) == b"old"
    assert names_below(root) == {KEY}


def test_a_short_write_goes_on(disk: DiskStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:7]))
    disk.put(KEY, b"0123456789" * 5, content_type=JPEG)
    assert disk.read(KEY, max_bytes=100) == b"0123456789" * 5


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked of the operating system, in its order."""
    made: list[str] = []
    for name in ("write", "fsync", "rename", "link", "unlink"):
        real = getattr(os, name)
        monkeypatch.setattr(
            os, name, lambda *a, _real=real, _name=name, **k: (made.append(_name), _real(*a, **k))[1]
        )
    return made


def test_the_order_of_a_durable_put(disk: DiskStorage, calls: list[str]) -> None:
    """Bytes before the name, and the name before the answer. A derivative waits for neither."""
    disk.put("folder/first", b"x", content_type=JPEG)
    calls.clear()
    disk.put("folder/second", b"x", content_type=JPEG)
    assert calls == ["write", "fsync", "rename", "fsync"]

    calls.clear()
    disk.put("folder/third", b"x", content_type=JPEG, durable=False)
    assert calls == ["write", "rename"]

    calls.clear()
    disk.put("new/folders/fourth", b"x", content_type=JPEG)
    assert calls == ["write", "fsync", "rename", *["fsync"] * 3], "each new folder is synced too"


def test_the_order_of_many_together(disk: DiskStorage, calls: list[str]) -> None:
    """All bytes before the first name; second names before the first ones go; each folder is synced once."""
    names = [f"folder/{number}" for number in range(3)]
    disk.put("folder/first", b"x", content_type=JPEG)
    calls.clear()
    disk.put_many(Put(name, name.encode(), JPEG) for name in names)
    assert calls == [*["write"] * 3, *["fsync"] * 3, *["rename"] * 3, "fsync"]

    calls.clear()
    moved = disk.move_many([(name, f"other/{name}") for name in [*names, "folder/missing"]])
    assert [type(why) for why in moved] == [type(None)] * 3 + [FileMissing]
    assert calls == [*["link"] * 3, *["fsync"] * 3, *["unlink"] * 3, "fsync"]
    assert disk.read("other/folder/1", max_bytes=99) == b"folder/1"

    calls.clear()
    assert disk.remove_many([f"other/{name}" for name in names]) == [None] * 3
    assert calls == [*["unlink"] * 3, "fsync"]
    assert [found.key for found in disk.scan()] == ["folder/first"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    mount, place = shutil.which("mount"), tmp_path / "small"
    place.mkdir()
    if not mount or os.geteuid() != 0:
        pytest.skip("mounting needs root")
    mounting = [mount, "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if subprocess.run(mounting, check=False, capture_output=True).returncode:
        pytest.skip("mounting is not permitted here")
    yield place
    subprocess.run(["umount", place], check=False, capture_output=True)


def test_a_full_disk_costs_no_photo(small_disk: Path) -> None:
    storage = DiskStorage(small_disk / "media")
    storage.put(KEY, b"old" * 1000, content_type=JPEG)

    with pytest.raises(StorageFull):
        storage.put(KEY, bytes(3_000_000), content_type=JPEG)

    assert storage.read(KEY, max_bytes=3000) == b"old" * 1000
    assert names_below(small_disk / "media") == {KEY}
    storage.put(KEY, b"new", content_type=JPEG)
    assert storage.read(KEY, max_bytes=3) == b"new"


def test_an_unmounted_disk_is_not_an_empty_one(small_disk: Path) -> None:
    storage = DiskStorage(small_disk)
    storage.put(KEY, b"old", content_type=JPEG)
    subprocess.run(["umount", small_disk], check=True)

    for attempt in (
        lambda: storage.stat(KEY),
        lambda: storage.open_file(KEY),
        lambda: list(storage.scan()),
        lambda: list(storage.scan("photos/")),
        lambda: storage.put("other", b"x", content_type=JPEG),
        lambda: storage.remove(KEY),
        storage.ping,
        storage.is_prepared,
    ):
        with pytest.raises(StorageUnavailable):
            attempt()
    assert list(small_disk.iterdir()) == [], "nothing was written beside the disk"
    assert not DiskStorage(small_disk).is_prepared(), "a new process can tell too"
