"""A file that grows by what arrives: nothing acknowledged is lost, and two writers never mix."""

from __future__ import annotations

import errno
import io
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from photostore.errors import FileMissing, InUse, StorageFull
from photostore.incoming.spool import arrived_bytes, begin_spool, held_spool
from photostore.storage import storage_for

pytestmark = pytest.mark.django_db

KEY = "incoming/7/4b1d3c3e-9f1c-4c92-8d1e-4f8d8f6f1a11"


@pytest.fixture(autouse=True)
def begun(own_storage: None) -> None:
    begin_spool(KEY)


def append(data: bytes, *, byte_count: int | None = None) -> None:
    with held_spool(KEY) as spool:
        spool.append(io.BytesIO(data).read, byte_count=len(data) if byte_count is None else byte_count)


def content() -> bytes:
    return storage_for().read(KEY, max_bytes=10_000_000)


def test_it_grows_by_what_arrives() -> None:
    assert arrived_bytes(KEY) == 0
    append(b"first ")
    append(b"second")
    assert (content(), arrived_bytes(KEY)) == (b"first second", 12)


def test_it_takes_no_more_than_it_is_told() -> None:
    append(b"x" * 200_000, byte_count=150_001)
    assert arrived_bytes(KEY) == 150_001


def test_what_came_before_a_broken_connection_stays() -> None:
    pieces = iter([b"one", b"two"])

    def read(_size: int) -> bytes:
        try:
            return next(pieces)
        except StopIteration:
            raise ConnectionResetError from None

    with pytest.raises(ConnectionResetError), held_spool(KEY) as spool:
        spool.append(read, byte_count=100)
    assert content() == b"onetwo"


def test_what_fitted_on_a_full_disk_stays(monkeypatch: Any) -> None:
    write, room = os.write, [100_000]

    def write_while_there_is_room(descriptor: int, data: Any) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = write(descriptor, bytes(data)[: room[0]])
        room[0] -= written
        return written

    data = os.urandom(300_000)
    monkeypatch.setattr(os, "write", write_while_there_is_room)
    with pytest.raises(StorageFull):
        append(data)
    assert arrived_bytes(KEY) == 100_000
    monkeypatch.undo()
    append(data[100_000:])
    assert content() == data


def test_two_at_once_never_interleave() -> None:
    entered, go_on = threading.Event(), threading.Event()

    def read(_size: int) -> bytes:
        entered.set()
        assert go_on.wait(20)
        return b""

    def hold() -> None:
        with held_spool(KEY) as spool:
            spool.append(read, byte_count=10)

    first = threading.Thread(target=hold)
    first.start()
    try:
        assert entered.wait(20)
        with pytest.raises(InUse), held_spool(KEY):
            pass
    finally:
        go_on.set()
        first.join()
    append(b"free again")


HOLDER = """
import sys, time
from django.conf import settings
settings.configure()
from photostore.storage.disk import DiskStorage
import fcntl
file = DiskStorage(sys.argv[1]).open_to_append(sys.argv[2])
fcntl.flock(file, fcntl.LOCK_EX)
file.write(b"before the end")
print("held", flush=True)
time.sleep(60)
"""


def test_a_killed_writer_holds_nobody_up_and_leaves_its_bytes(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "media"), KEY]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
        with pytest.raises(InUse), held_spool(KEY):
            pass
        holder.send_signal(signal.SIGKILL)
    append(b", after it")
    assert content() == b"before the end, after it"


def test_one_that_was_removed_meanwhile_is_missing(monkeypatch: Any) -> None:
    import fcntl

    flock = fcntl.flock

    def remove_first(*arguments: Any) -> None:
        storage_for().remove(KEY)
        flock(*arguments)

    monkeypatch.setattr(fcntl, "flock", remove_first)
    with pytest.raises(FileMissing), held_spool(KEY):
        pass
    with pytest.raises(FileMissing):
        arrived_bytes(KEY)


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    place = tmp_path / "media" / KEY
    place.unlink()
    place.symlink_to(tmp_path / "secret")
    with pytest.raises(FileMissing), held_spool(KEY):
        pass
    assert (tmp_path / "secret").read_bytes() == b"secret"
