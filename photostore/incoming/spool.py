"""A file on the media's own disk that grows by what arrives, over as many connections as it takes."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from photostore.errors import FileMissing, InUse, StorageUnavailable
from photostore.locks import try_lock, unlock
from photostore.register import mounted_storage
from photostore.storage.disk import DiskStorage
from photostore.storage.folders import disk_errors, sync_file

# What one read of a connection asks for; so much is lost at most when it breaks, and sent again.
PIECE_BYTES = 64 * 1024
_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL})


class Spool:
    """An open spool; no other process writes to it. Its size is what has arrived."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    @property
    def byte_size(self) -> int:
        return os.fstat(self._file.fileno()).st_size

    def append(self, read: Callable[[int], bytes], *, byte_count: int) -> None:
        """Write what `read` gives, at most `byte_count` bytes of it, and bring it to the medium.

        Whatever ends it early (a broken connection, a full disk), what had arrived stays. Raises
        `StorageFull`, `StorageUnavailable` and whatever `read` raises.
        """
        left = byte_count
        try:
            while left and (piece := read(min(left, PIECE_BYTES))):
                left -= len(piece)
                self._write(piece)
        finally:
            with disk_errors():
                sync_file(self._file.fileno())

    def _write(self, piece: bytes) -> None:
        rest = memoryview(piece)
        with disk_errors():
            while rest:
                rest = rest[os.write(self._file.fileno(), rest) :]


def begin_spool(key: str) -> None:
    """An empty spool, there after a crash as well. Raises `StorageUnavailable`."""
    mounted_storage().put(key, b"", content_type="application/octet-stream")


@contextmanager
def held_spool(key: str) -> Iterator[Spool]:
    """The spool, held until the block ends, also against other processes and for as long as this one lives.

    Raises `InUse` at once where another process holds it, and `FileMissing`.
    """
    with _disk().open_to_append(key) as file, _alone(file, key):
        if os.fstat(file.fileno()).st_nlink == 0:  # removed between the opening and the lock
            raise FileMissing
        yield Spool(file)


@contextmanager
def _alone(file: BinaryIO, key: str) -> Iterator[None]:
    """By the file's own lock; on a file system that has none (NFS without its lock daemon, some of FUSE) by
    one in the database."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise InUse from error
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise StorageUnavailable from error
    else:
        yield
        return
    name = f"photostore.spool:{key}"
    if not try_lock(name):
        raise InUse
    try:
        yield
    finally:
        unlock(name)


def arrived_bytes(key: str) -> int:
    """How much of it is on the medium for good. Raises `FileMissing`."""
    with _disk().open_to_append(key) as file:
        with disk_errors():
            sync_file(file.fileno())  # bytes of a process that was killed may not be there yet
        return os.fstat(file.fileno()).st_size


def _disk() -> DiskStorage:
    storage = mounted_storage()
    assert isinstance(storage, DiskStorage)
    return storage
