"""Many files on a disk at once: each file and each folder is synced once, several at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from itertools import islice

from photostore.errors import FileMissing
from photostore.storage.base import Put, each_of
from photostore.storage.drafts import Draft, link, open_draft
from photostore.storage.folders import Folders, disk_errors, prune, regular, sync_file, sync_folder
from photostore.storage.key_rules import split, split_for_writing

# A sync waits for the disk, and the disk takes several together.
THREADS = 8
# Each is open until it has its name: two descriptors, and perhaps three of folders.
FILES = 64


class FolderSyncs:
    """Folders whose names changed and are not on the medium yet; holds a descriptor of each until closed."""

    def __init__(self) -> None:
        self._descriptors: dict[tuple[int, int], int] = {}

    def __call__(self, folder: int) -> None:
        """In the place of `sync_folder`: later."""
        found = os.fstat(folder)
        if (found.st_dev, found.st_ino) not in self._descriptors:
            self._descriptors[found.st_dev, found.st_ino] = os.dup(folder)

    def sync(self) -> None:
        with disk_errors():
            _at_once(sync_folder, self._descriptors.values())
        self.close()

    def close(self) -> None:
        while self._descriptors:
            os.close(self._descriptors.popitem()[1])


def put_files(folders: Folders, files: Iterable[Put], mode: int) -> None:
    """See `PhotoStorage.put_many`."""
    remaining = iter(files)
    while True:
        with closing(FolderSyncs()) as later, ExitStack() as drafts:
            written: list[tuple[Draft, str, bool]] = []
            for one in islice(remaining, FILES):
                segments, name = split_for_writing(one.key)
                draft = drafts.enter_context(open_draft(folders, segments, mode, later))
                draft.fill(one.data)
                written.append((draft, name, one.durable))
            if not written:
                return
            with disk_errors():
                _at_once(sync_file, (draft.descriptor for draft, _name, durable in written if durable))
            for draft, name, durable in written:
                draft.publish(name)
                if durable:
                    later(draft.folder)
            later.sync()


def move_files(folders: Folders, moves: Sequence[tuple[str, str]]) -> list[Exception | None]:
    """See `PhotoStorage.move_many`. Second names first, then the first ones go."""
    with closing(FolderSyncs()) as later:
        kept = each_of(lambda move: _link(folders, *move, later), moves)
        later.sync()
        moved = [source for (source, _target), why in zip(moves, kept, strict=True) if why is None]
        _unlink_all(folders, moved, later)
    return kept


def remove_files(folders: Folders, keys: Sequence[str]) -> list[Exception | None]:
    """See `PhotoStorage.remove_many`."""
    with closing(FolderSyncs()) as later:
        return _unlink_all(folders, keys, later)


def _link(folders: Folders, source: str, target: str, later: FolderSyncs) -> None:
    segments, name = split(source)
    with folders.reading(segments) as chain:
        link(folders, (chain[-1], name), split_for_writing(target), later)


def _unlink_all(folders: Folders, keys: Sequence[str], later: FolderSyncs) -> list[Exception | None]:
    kept = each_of(lambda key: _unlink(folders, key, later), keys)
    later.sync()
    for segments in dict.fromkeys(tuple(split(key)[0]) for key in keys):
        with suppress(FileMissing), folders.reading(segments) as chain:
            prune(chain, segments)
    return kept


def _unlink(folders: Folders, key: str, later: FolderSyncs) -> None:
    segments, name = split(key)
    with suppress(FileMissing), folders.reading(segments) as chain:
        regular(os.stat(name, dir_fd=chain[-1], follow_symlinks=False))
        os.unlink(name, dir_fd=chain[-1])
        later(chain[-1])


def _at_once(work: Callable[[int], object], descriptors: Iterable[int]) -> None:
    """For each of them, in threads. Raises what the first one raises."""
    several = list(descriptors)
    if len(several) < 2:
        for one in several:
            work(one)
        return
    with ThreadPoolExecutor(min(THREADS, len(several))) as pool:
        for _ in pool.map(work, several):
            pass
