"""Writing on a disk: a temporary file first, its final name last, so that no reader ever sees half a file."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import BinaryIO
from uuid import uuid4

from photostore.errors import Conflict, StorageUnavailable
from photostore.storage.folders import Folders, Sync, disk_errors, let_others_in, regular, sync_folder

WRITE_BYTES = 1024 * 1024
# Each attempt loses only to somebody who removed the folder's last file at that very moment.
ATTEMPTS = 100
# How a file system without hard links answers (CIFS: EINVAL; FUSE: ENOSYS, and some of it EIO), or a kernel
# that forbids them on other people's files. Where the disk itself is broken, renaming says so as well.
_NO_HARD_LINK = frozenset(
    {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.EINVAL, errno.EIO, errno.ENOSYS}
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A temporary file in the folder where it is to be published. Every `OSError` is translated."""

    folder: int
    descriptor: int
    name: str

    def fill(self, data: bytes | BinaryIO) -> None:
        """Append all of it; an error in reading it is the caller's, and passes as it is."""
        for piece in _pieces(data):
            rest = memoryview(piece)
            with disk_errors():
                while rest:
                    rest = rest[os.write(self.descriptor, rest) :]

    def publish(self, name: str) -> None:
        """Give it its final name, in the place of whatever had it. Syncing is the caller's."""
        with disk_errors():
            os.rename(self.name, name, src_dir_fd=self.folder, dst_dir_fd=self.folder)


@contextmanager
def open_draft(
    folders: Folders, segments: Sequence[str], mode: int, sync: Sync = sync_folder
) -> Iterator[Draft]:
    """A new draft; nothing is left of it unless the body publishes it."""
    draft = _start(folders, segments, mode, sync)
    try:
        yield draft
    except BaseException:
        with suppress(OSError):
            os.unlink(draft.name, dir_fd=draft.folder)
        raise
    finally:
        os.close(draft.descriptor)
        os.close(draft.folder)


def _start(folders: Folders, segments: Sequence[str], mode: int, sync: Sync) -> Draft:
    name = f".{uuid4().hex}.part"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    for _ in range(ATTEMPTS):
        with suppress(FileNotFoundError), folders.writing(segments, sync) as folder:
            descriptor = os.open(name, flags, mode, dir_fd=folder)
            # From here on the folder is not empty, so it cannot be pruned.
            let_others_in(descriptor, mode)
            return Draft(os.dup(folder), descriptor, name)
    raise StorageUnavailable


def open_scratch(folders: Folders) -> BinaryIO:
    """An empty file without a name in the root, to be written and read; it goes when it is closed."""
    with folders.writing(()) as root:
        # Not O_TMPFILE, which some file systems and macOS lack: a kill between these two lines leaves a
        # partial, and the sweep knows those.
        name = f".{uuid4().hex}.part"
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=root)
        os.unlink(name, dir_fd=root)
    return os.fdopen(descriptor, "w+b", buffering=0)


def link(
    folders: Folders, source_at: tuple[int, str], target_at: tuple[Sequence[str], str], sync: Sync
) -> None:
    """Give a file a second name, durable by `sync`. Raises `Conflict` when something else has it."""
    (source_folder, source), (segments, target) = source_at, target_at
    for _ in range(ATTEMPTS):
        regular(os.stat(source, dir_fd=source_folder, follow_symlinks=False))
        with suppress(FileNotFoundError), folders.writing(segments, sync) as folder:
            _link(source_folder, source, folder, target)
            sync(folder)
            return
    raise StorageUnavailable


def _link(source_folder: int, source: str, folder: int, target: str) -> None:
    try:
        os.link(source, target, src_dir_fd=source_folder, dst_dir_fd=folder, follow_symlinks=False)
    except FileExistsError as error:
        if not _same_file(source_folder, source, folder, target):
            raise Conflict(code="file_exists") from error
    except OSError as error:
        if error.errno not in _NO_HARD_LINK:
            raise
        _rename(source_folder, source, folder, target)


def _same_file(source_folder: int, source: str, folder: int, target: str) -> bool:
    one = os.stat(source, dir_fd=source_folder, follow_symlinks=False)
    return os.path.samestat(one, os.stat(target, dir_fd=folder, follow_symlinks=False))


def _rename(source_folder: int, source: str, folder: int, target: str) -> None:
    """The second best: between the look and the rename another process could put a file there."""
    with suppress(FileNotFoundError):
        os.stat(target, dir_fd=folder, follow_symlinks=False)
        raise Conflict(code="file_exists")
    os.rename(source, target, src_dir_fd=source_folder, dst_dir_fd=folder)


def _pieces(data: bytes | BinaryIO) -> Iterator[bytes]:
    if isinstance(data, bytes):
        return iter((data,))
    return iter(lambda: data.read(WRITE_BYTES), b"")
