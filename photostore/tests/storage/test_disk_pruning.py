"""Folders come and go under the feet of those who write into them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest

from photostore.storage.disk import DiskStorage

JPEG = "image/jpeg"


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


def test_a_scan_while_folders_come_and_go(disk: DiskStorage) -> None:
    """What stays is in it once; what goes meanwhile is no error."""
    for number in range(2500):
        disk.put(f"stays/{number // 100}/{number}", b"x", content_type=JPEG, durable=False)
        disk.put(f"goes/{number}/x", b"x", content_type=JPEG, durable=False)
    seen = []
    for index, found in enumerate(disk.scan()):
        seen.append(found.key)
        if index < 2500:
            disk.remove(f"goes/{index}/x", durable=False)
    assert sorted(key for key in seen if key.startswith("stays/")) == sorted(
        f"stays/{number // 100}/{number}" for number in range(2500)
    )
