"""Where an export goes: a folder or a zip, under its own name when all of it is on the medium."""

from __future__ import annotations

import os
import secrets
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from photostore.errors import CommandRefused

DRAFT = ".photokeep-export"


class Target(Protocol):
    """A folder or a zip that is being written."""

    def write(self, name: str, data: bytes) -> None:
        pass


class Folder:
    """Plain folders, for their owner only, as backups are."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(mode=0o700)

    def write(self, name: str, data: bytes) -> None:
        path = self.path / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)

    def publish(self, path: Path) -> None:
        """Give it its name. Raises `OSError` where the name is taken by now."""
        os.sync()
        self.path.rename(path)  # takes the place of an empty folder, and of nothing else

    def close(self) -> None:
        pass


class Zip:
    """One archive; photos are compressed already."""

    def __init__(self, path: Path) -> None:
        self.path = path
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        self._file = os.fdopen(descriptor, "wb")
        self._archive = zipfile.ZipFile(self._file, "w", zipfile.ZIP_STORED)

    def write(self, name: str, data: bytes) -> None:
        self._archive.writestr(name, data)
        # Names are given once (`Names`); to look them up again would take the memory of a second directory.
        self._archive.NameToInfo.clear()

    def publish(self, path: Path) -> None:
        self._archive.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        os.link(self.path, path)  # unlike rename, it refuses where the name is taken

    def close(self) -> None:
        """Nothing of it is needed any more, nor is it told what could not be written at the end."""
        for file in (self._archive, self._file):
            with suppress(OSError):
                file.close()


@contextmanager
def target_at(path: Path) -> Iterator[Target]:
    """A target that is at `path` afterwards, or nothing is. Raises `CommandRefused` for one that has anything
    in it.

    What a killed run left beside it goes first: it names every student, and would not be found.
    """
    path = path.absolute()
    try:
        _refuse_taken(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        for left in path.parent.glob(f".{_escaped(path.name)}.*{DRAFT}"):
            _remove(left)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}{DRAFT}")
        target = Zip(draft) if path.suffix.lower() == ".zip" else Folder(draft)
        try:
            yield target
            target.publish(path)
        finally:
            target.close()
            _remove(draft)
        _sync(path.parent)
    except FileExistsError as error:
        raise CommandRefused(f"{path.name} is there by now; nothing was exported.") from error
    except OSError as error:
        raise CommandRefused(f"The photos cannot be written: {error.strerror}.") from error


def _refuse_taken(path: Path) -> None:
    if path.is_symlink() or (path.exists() and not (path.is_dir() and path.suffix.lower() != ".zip")):
        raise CommandRefused(f"{path} is there already; give a new name.")
    if path.is_dir() and any(path.iterdir()):
        raise CommandRefused(f"{path} is not empty; give a new folder.")


def _escaped(name: str) -> str:
    return "".join(f"[{one}]" if one in "*?[" else one for one in name)


def _remove(draft: Path) -> None:
    if draft.is_dir() and not draft.is_symlink():
        shutil.rmtree(draft)
    else:
        draft.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
