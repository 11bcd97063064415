"""The files in the state folder are readable by the user that runs the service, and by no other."""

import os
from contextlib import suppress
from pathlib import Path
from typing import IO


def own_folder(path: Path) -> None:
    """Make the folder where there is none, closed to every other user.

    Where root runs the service, another user runs PostgreSQL and has to pass through.
    """
    path.mkdir(parents=True, exist_ok=True)
    _set_mode(path, 0o700 if os.geteuid() else 0o711)


def tighten(folder: Path) -> None:
    """Close what an earlier version left open to others; what is another user's is theirs to close."""
    for entry in folder.iterdir():
        if not entry.is_symlink():
            _set_mode(entry, 0o700 if entry.is_dir() else 0o600)


def open_to_append(path: Path) -> IO[str]:
    """A log, which says more than everybody may know."""
    path.touch(mode=0o600)
    _set_mode(path, 0o600)
    return path.open("a")


def _set_mode(path: Path, mode: int) -> None:
    with suppress(FileNotFoundError):
        found = path.stat()
        if found.st_uid == os.geteuid() and found.st_mode & 0o777 != mode:
            path.chmod(mode)
