"""Writing on a disk: a temporary file first, its final name last, so that no reader ever sees half a file."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import BinaryIO
from uuid import uuid4

from photostore.errors import Conflict, StorageUnavailable
from photostore.storage.folders import (
    Folders,
    disk_errors,
    let_others_in,
    regular,
    sync_file,
    sync_folder,
)

# Each attempt loses only to a process that removed the folder's last file at that very moment.
ATTEMPTS = 100
_PARTIAL = re.compile(r"\.[0-9a-f]{32}\.part")
# How a file system without hard links answers (CIFS: EINVAL; FUSE: ENOSYS, and some of it EIO), or a kernel
# that forbids them on other people's files. Where the disk itself is broken, renaming says so as well.
_NO_HARD_LINK = frozenset(
    {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.EINVAL, errno.EIO, errno.ENOSYS}
)


def is_partial(name: str) -> bool:
    """Whether a file of this name is one that is being written, or was when its writer died."""
    return _PARTIAL.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class Draft:
    """A temporary file in the folder where it is to be published. Every `OSError` is translated."""

    folder: int
    descriptor: int
    name: str

    def write(self, piece: bytes) -> None:
        rest = memoryview(piece)
        with disk_errors():
            while rest:
                rest = rest[os.write(self.descriptor, rest) :]

    def publish(self, name: str, *, durable: bool) -> None:
        """Give it its final name, in the place of whatever had it."""
        with disk_errors():
            if durable:
                sync_file(self.descriptor)
            os.rename(self.name, name, src_dir_fd=self.folder, dst_dir_fd=self.folder)
            if durable:
                sync_folder(self.folder)


@contextmanager
def open_draft(folders: Folders, segments: Sequence[str], mode: int) -> Iterator[Draft]:
    """A new draft; nothing is left of it unless the body publishes it."""
    draft = _start(folders, segments, mode)
    try:
        yield draft
    except BaseException:
        with suppress(OSError):
            os.unlink(draft.name, dir_fd=draft.folder)
        raise
    finally:
        os.close(draft.descriptor)
        os.close(draft.folder)


def _start(folders: Folders, segments: Sequence[str], mode: int) -> Draft:
    name = f".{uuid4().hex}.part"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    for _ in range(ATTEMPTS):
        with suppress(FileNotFoundError), folders.writing(segments) as folder:
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


def link(folders: Folders, source_folder: int, source: str, segments: Sequence[str], target: str) -> None:
    """Give a file a second name, durably. Raises `Conflict` when something else has it."""
    for _ in range(ATTEMPTS):
        regular(os.stat(source, dir_fd=source_folder, follow_symlinks=False))
        with suppress(FileNotFoundError), folders.writing(segments) as folder:
            _link(source_folder, source, folder, target)
            sync_folder(folder)
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
