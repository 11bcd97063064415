"""What old files show: read and decoded once, some students ahead of those who are being adopted."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from photostore.errors import Busy, FileMissing, FileTooLarge, FileUnreadable, InvalidFile
from photostore.storage import storage_for
from students.models import StudentPhoto
from students.recovery.storages import FileRef
from students.versions import MAX_FILE_BYTES, IncomingPhoto, incoming_from_storage

Item = TypeVar("Item")
THREADS = 2
AHEAD = 4


@dataclass(frozen=True, slots=True)
class Picture:
    """A file that is there. `why_not`: it cannot be read, or shows nothing; then there is no `incoming`."""

    sha256: str = ""
    incoming: IncomingPhoto | None = None
    why_not: str = ""

    @property
    def pixels(self) -> str:
        """The sha256 of what it shows."""
        return self.incoming.clean.pixel_sha256 if self.incoming else ""

    @property
    def named(self) -> UUID | None:
        """The student whom the identity inside names."""
        return self.incoming.named.student_id if self.incoming and self.incoming.named else None


Pictures = dict[FileRef, Picture]


def pictures_of(file_refs: Iterable[FileRef]) -> Pictures:
    """Of those that are there; in any thread. The same bytes, which S0 and S1 have both, are decoded once."""
    known: dict[str, Picture] = {}
    found = {}
    for file_ref in file_refs:
        try:
            data = storage_for(file_ref[0]).read(file_ref[1], max_bytes=MAX_FILE_BYTES)
        except FileMissing:
            continue
        except (FileTooLarge, FileUnreadable) as error:
            found[file_ref] = Picture(why_not=str(error))
            continue
        sha256 = hashlib.sha256(data).hexdigest()
        found[file_ref] = known[sha256] = known.get(sha256) or _picture(data, sha256, file_ref[1])
    return found


def _picture(data: bytes, sha256: str, key: str) -> Picture:
    try:
        return Picture(sha256, incoming_from_storage(data, key, StudentPhoto.Origin.IMPORT))
    except (InvalidFile, FileTooLarge) as error:
        return Picture(sha256, why_not=str(error))


def looked_ahead(
    items: Iterable[Item], file_refs: Callable[[Item], Iterable[FileRef]]
) -> Iterator[tuple[Item, Pictures]]:
    """Each with the pictures of its files; those of the next few are being decoded meanwhile."""
    waiting: deque[tuple[Item, Future[Pictures]]] = deque()
    with ThreadPoolExecutor(THREADS, thread_name_prefix="adopt") as pool:
        for item in items:
            waiting.append((item, pool.submit(_patiently, list(file_refs(item)))))
            if len(waiting) > AHEAD:
                yield _first(waiting)
        while waiting:
            yield _first(waiting)


def _patiently(file_refs: list[FileRef]) -> Pictures:
    """Large pictures are decoded one by one: the other thread's is waited for, however long it takes."""
    while True:
        with suppress(Busy):
            return pictures_of(file_refs)


def _first(waiting: deque[tuple[Item, Future[Pictures]]]) -> tuple[Item, Pictures]:
    item, pictures = waiting.popleft()
    return item, pictures.result()
