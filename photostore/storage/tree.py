"""One pass over everything below a root, in constant memory, following no link."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from photostore.errors import FileMissing, FileUnreadable
from photostore.storage.base import FileStat, Kind, Line
from photostore.storage.folders import ABSENT, FOLDER_FLAGS, OF_ONE_FILE, ROOT_MARKER, Folders
from photostore.storage.key_rules import check_key, is_key, is_partial

# The file system's own folder, readable by root alone: every freshly made ext4 disk has one at its top.
_NOT_OURS = frozenset({ROOT_MARKER, "lost+found"})


def walk(folders: Folders, prefix: str, kinds: frozenset[Kind]) -> Iterator[FileStat]:
    for kind, key, byte_size, modified_at in survey(folders, prefix, sizes=True):
        if kind == "unreadable":
            raise FileUnreadable
        if kind in kinds:
            assert byte_size is not None and modified_at is not None
            yield FileStat(key, byte_size, datetime.fromtimestamp(modified_at, UTC), kind)


def survey(folders: Folders, prefix: str, *, sizes: bool) -> Iterator[Line]:
    """See `PhotoStorage.survey`. Asking each file for its size takes most of a pass over a million."""
    for key, entry in _each(folders, prefix):
        if entry is None:
            yield "unreadable", _shown(key), None, None
            continue
        kind = _kind(key, entry)
        if kind is None:
            continue
        shown = key if kind == "file" else _shown(key)
        if not sizes:
            yield kind, shown, None, None
            continue
        try:
            found = entry.stat(follow_symlinks=False)
        except FileNotFoundError:  # gone since the folder was read
            continue
        yield kind, shown, found.st_size, found.st_mtime


# A key and its entry; a folder that cannot be read ends with a slash and has none.
Entry = tuple[str, os.DirEntry[str] | None]


def _each(folders: Folders, prefix: str) -> Iterator[Entry]:
    path, slash, start = prefix.rpartition("/")
    segments = check_key(path).split("/") if path else []
    folders.confirm()  # what an unmounted disk leaves behind would read as an empty storage
    try:
        with folders.reading(segments) as chain:
            yield from _below(folders, chain[-1], path + slash, start)
    except FileMissing:  # no such folder, in a storage that is there
        return


def _below(folders: Folders, folder: int, path: str, start: str) -> Iterator[Entry]:
    """Every entry whose name starts with `start` and all that is below it, without the folders themselves.

    One loop with a stack: a generator within a generator for each level costs more than the looking.
    """
    stack = [(folder, path, os.scandir(folder))]
    try:
        while stack:
            folder, path, entries = stack[-1]
            try:
                entry = next(entries, None)
            except OSError as error:
                if error.errno not in OF_ONE_FILE or len(stack) == 1:
                    raise
                folders.confirm()
                yield path, None
                entry = None
            if entry is None:
                _leave(stack, root=len(stack) == 1)
            elif len(stack) == 1 and (
                not entry.name.startswith(start) or (not path and entry.name in _NOT_OURS)
            ):
                continue
            elif not entry.is_dir(follow_symlinks=False):
                yield path + entry.name, entry
            elif not _enter(folders, stack, f"{path}{entry.name}/", entry.name):
                yield f"{path}{entry.name}/", None
    finally:
        while stack:
            _leave(stack, root=len(stack) == 1)


Level = tuple[int, str, Any]


def _enter(folders: Folders, stack: list[Level], path: str, name: str) -> bool:
    """Go on with this folder; False for one that cannot be read."""
    folder = None
    try:
        folder = os.open(name, FOLDER_FLAGS, dir_fd=stack[-1][0])
        stack.append((folder, path, os.scandir(folder)))
    except OSError as error:
        if folder is not None:
            os.close(folder)
        if error.errno not in ABSENT | OF_ONE_FILE:
            raise
        folders.confirm()  # pruned just now, or swapped for a link; not the whole storage gone
        return error.errno not in OF_ONE_FILE
    return True


def _leave(stack: list[Level], *, root: bool) -> None:
    folder, _path, entries = stack.pop()
    entries.close()
    if not root:
        os.close(folder)


def _kind(key: str, entry: os.DirEntry[str]) -> Kind | None:
    if not entry.is_file(follow_symlinks=False):
        # A pipe or a socket holds no bytes.
        return "symlink" if entry.is_symlink() else None
    if not is_key(key):
        return "unusable"
    return "partial" if entry.name[0] == "." and is_partial(entry.name) else "file"


def _shown(key: str) -> str:
    return key if is_key(key.rstrip("/")) else repr(key)[1:-1]
