"""Folders below a root, walked descriptor by descriptor, so that no symbolic link in them is ever followed.

The root itself may be a link: the operator chose it. A path checked first and opened later
could be swapped in between; an `openat` with `O_NOFOLLOW` for each segment cannot.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from django.core.exceptions import SuspiciousFileOperation

from photostore.errors import FileMissing, FileUnreadable, StorageFull, StorageUnavailable
from photostore.storage.key_rules import is_key

# It tells the storage from the empty folder that an unmounted disk leaves behind.
ROOT_MARKER = ".photokeep-root"
FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
# What may be the matter with one file: its mode, its owner, a damaged disk. The root says whether it is.
OF_ONE_FILE = frozenset({errno.EACCES, errno.EPERM, errno.EIO, getattr(errno, "EUCLEAN", errno.EIO)})
# How a file system says that it has no such thing.
_NOT_HERE = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})
_IN_THE_WAY = frozenset({errno.ENOTDIR, errno.ELOOP, errno.EISDIR})


def sync_file(descriptor: int) -> None:
    """Bring a file's bytes to the medium. On macOS `fsync` alone stops at the drive's cache."""
    if sys.platform == "darwin":
        import fcntl  # not on every system

        with suppress(OSError):  # a network file system knows fsync only
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
            return
    os.fsync(descriptor)


def sync_folder(descriptor: int) -> None:
    """Bring a folder's names to the medium, where its file system has such a thing."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NOT_HERE:
            raise


def let_others_in(descriptor: int, mode: int) -> None:
    """Give a new file or folder the mode that it was made with, whatever the process's umask took away.

    A mount of Windows' or of a USB stick knows no modes: what it was mounted with holds.
    """
    if mode & 0o077:
        try:
            os.fchmod(descriptor, mode)
        except OSError as error:
            if error.errno not in _NOT_HERE | {errno.EPERM}:
                raise


Sync = Callable[[int], None]
"""Brings a folder's names to the medium, now (`sync_folder`) or together with others."""


@contextmanager
def disk_errors() -> Iterator[None]:
    """Every `OSError` as `StorageFull`, `StorageUnavailable`, or `SuspiciousFileOperation` (a link in the
    way).
    """
    try:
        yield
    except OSError as error:
        raise _translated(error) from error


def _translated(error: OSError) -> Exception:
    if error.errno in _FULL:
        return StorageFull()
    if error.errno in _IN_THE_WAY:
        return SuspiciousFileOperation("The storage key leads through something that is not a folder.")
    return StorageUnavailable()


class Folders:
    """The folders below `root`. New ones get `mode`, and the root's mark `file_mode`, whatever the umask."""

    def __init__(self, root: Path, mode: int, file_mode: int) -> None:
        self.root = root
        self._mode = mode
        self._file_mode = file_mode
        self._marker_seen = False

    @contextmanager
    def reading(self, segments: Sequence[str]) -> Iterator[list[int]]:
        """Descriptors of the root and of each folder below it, the innermost last.

        `ENOENT` and a link in the way, here or in the body, become `FileMissing`, after a look that the
        storage itself is there; what is the matter with one file alone becomes `FileUnreadable`, every other
        `OSError` `StorageUnavailable`.
        """
        chain = [self._open_root()]
        try:
            for segment in segments:
                chain.append(os.open(segment, FOLDER_FLAGS, dir_fd=chain[-1]))
            yield chain
        except OSError as error:
            if error.errno in ABSENT:
                self._confirm_root(chain[0])
                raise FileMissing from error
            if error.errno in OF_ONE_FILE:
                self._answer(chain[0])
                raise FileUnreadable from error
            raise _translated(error) from error
        finally:
            _close(chain)

    def sizes(self, keys: Sequence[str]) -> list[int | None]:
        """See `PhotoStorage`. Each folder is looked at once.

        By a look at each name on the way, which costs a third of opening it. An attacker who swaps a folder
        for a link in between deceives a look; nothing is read or written here.
        """
        root = self._open_root()
        folders = {"": True}
        try:
            found = [_size(root, key, folders) for key in keys]
            self._confirm_root(root)
        finally:
            os.close(root)
        return found

    @contextmanager
    def reading_on(self) -> Iterator[None]:
        """Around each read of a file that is open: as `reading`."""
        try:
            yield
        except OSError as error:
            if error.errno not in OF_ONE_FILE:
                raise _translated(error) from error
            root = self._open_root()
            try:
                self._answer(root)
            finally:
                os.close(root)
            raise FileUnreadable from error

    @contextmanager
    def writing(self, segments: Sequence[str], sync: Sync = sync_folder) -> Iterator[int]:
        """The innermost folder, made durably where it is missing, by `sync` of the one that it lies in.

        `FileNotFoundError` passes through: the folder was pruned under our feet, and the caller tries again.
        """
        chain = [self._open_root(create=True)]
        try:
            for segment in segments:
                chain.append(self._enter_or_create(chain[-1], segment, sync))
            yield chain[-1]
        except FileNotFoundError:
            raise
        except OSError as error:
            raise _translated(error) from error
        finally:
            _close(chain)

    def prepare(self) -> None:
        """Make the root and its marker where they are missing."""
        os.close(self._open_root(create=True))

    def is_prepared(self) -> bool:
        """Whether the marker is there. Raises `StorageUnavailable` when it was there before."""
        if not self._marker_seen and not self.root.exists():
            return False
        self.confirm()
        return self._marker_seen

    def confirm(self) -> None:
        """Raise `StorageUnavailable` when the root is gone, or is no longer the one that was seen."""
        root = self._open_root()
        try:
            self._confirm_root(root)
        finally:
            os.close(root)

    def _open_root(self, *, create: bool = False) -> int:
        try:
            root = self._open_or_make_root(create=create)
        except OSError as error:
            raise StorageFull() if error.errno in _FULL else StorageUnavailable() from error
        try:
            if self._marker_seen:
                if create:
                    self._confirm_root(root)
            elif _has_marker(root) or (create and self._mark(root)):
                self._marker_seen = True
        except BaseException:
            os.close(root)
            raise
        return root

    def _open_or_make_root(self, *, create: bool) -> int:
        was_there = self._marker_seen  # asked before the look: another thread may be making it right now
        try:
            return os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            if not create or was_there:
                raise
        above = os.open(self.root.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            return self._enter_or_create(above, self.root.name)
        finally:
            os.close(above)

    def _enter_or_create(self, parent: int, name: str, sync: Sync = sync_folder) -> int:
        with suppress(FileNotFoundError):
            return os.open(name, FOLDER_FLAGS, dir_fd=parent)
        made = False
        with suppress(FileExistsError):
            os.mkdir(name, self._mode, dir_fd=parent)
            made = True
        # Whoever lost the race syncs too: the winner may not have come to it yet.
        sync(parent)
        folder = os.open(name, FOLDER_FLAGS, dir_fd=parent)
        if made:
            let_others_in(folder, self._mode)
        return folder

    def _confirm_root(self, root: int) -> None:
        if self._marker_seen and not _has_marker(root):
            raise StorageUnavailable

    def _answer(self, root: int) -> None:
        """Raise `StorageUnavailable` where the root itself cannot be read: then it is not the one file's
        fault.
        """
        self._confirm_root(root)
        with disk_errors(), os.scandir(root) as entries:
            next(entries, None)

    def _mark(self, root: int) -> bool:
        with disk_errors():
            flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW
            marker = os.open(ROOT_MARKER, flags, self._file_mode, dir_fd=root)
            let_others_in(marker, self._file_mode)
            os.close(marker)
            sync_folder(root)
        return True


def prune(chain: Sequence[int], segments: Sequence[str]) -> None:
    """Remove the folders that are empty now, innermost first. One that is in use says so by refusing."""
    with suppress(OSError):
        for parent, name in reversed(list(zip(chain, segments, strict=False))):
            os.rmdir(name, dir_fd=parent)


def regular(found: os.stat_result) -> os.stat_result:
    """The same, when it is of a plain file. Raises `FileMissing` for a link, a folder, a pipe."""
    if not stat.S_ISREG(found.st_mode):
        raise FileMissing
    return found


def _size(root: int, key: str, folders: dict[str, bool]) -> int | None:
    """Of a plain file that no link leads to. `folders`: what is known of them, and is added to."""
    if not is_key(key) or not _is_folder(root, key.rpartition("/")[0], folders):
        return None
    found = _looked_at(root, key)
    return found.st_size if found and stat.S_ISREG(found.st_mode) else None


def _is_folder(root: int, path: str, known: dict[str, bool]) -> bool:
    """Whether every segment is a folder, and no link to one."""
    is_one = known.get(path)
    if is_one is None:
        found = _looked_at(root, path) if _is_folder(root, path.rpartition("/")[0], known) else None
        is_one = known[path] = found is not None and stat.S_ISDIR(found.st_mode)
    return is_one


def _looked_at(root: int, path: str) -> os.stat_result | None:
    try:
        return os.stat(path, dir_fd=root, follow_symlinks=False)
    except OSError as error:
        if error.errno in ABSENT | OF_ONE_FILE:
            return None
        raise _translated(error) from error


def _has_marker(root: int) -> bool:
    with disk_errors():
        try:
            os.stat(ROOT_MARKER, dir_fd=root, follow_symlinks=False)
        except FileNotFoundError:
            return False
    return True


def _close(chain: Sequence[int]) -> None:
    for descriptor in reversed(chain):
        os.close(descriptor)
