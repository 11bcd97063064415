"""Reading a backup, which is hostile until it was read once from its first byte to its last."""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, BinaryIO
from uuid import UUID

import msgspec

from photostore.bounded import BoundedList
from students.recovery.backups import layout
from students.recovery.backups.contents import (
    BackedUpStudent,
    Erased,
    InvalidBackup,
    Moment,
    OddEntry,
    Sha256,
)
from students.recovery.backups.entries import (
    UNREADABLE,
    Typed,
    loosely,
    odd,
    student_of_entry,
    student_of_line,
)
from students.recovery.backups.shapes import entries
from students.recovery.backups.table import Table

NO_BACKUP = "No backup file found!"
CUT_OFF = "The backup is cut off: it has no end."
Count = Annotated[int, msgspec.Meta(ge=0)]


@dataclass(frozen=True)
class Head:
    created_at: Moment


@dataclass(frozen=True)
class Manifest:
    """What the last line of a backup of ours says of it."""

    students: Count
    photos: Count
    attendance: Count
    sha256: Sha256
    seal: Annotated[str, msgspec.Meta(max_length=64)] = ""


@dataclass(frozen=True, kw_only=True)
class Backup:
    """A backup whose every value was looked at. `trusted`: a person said that it is this school's.

    Another system's backup has neither `created_at` nor a `seal`. `odd`: the entries that are passed over.
    The file is not needed any more: what was read lies in `table`.
    """

    path: Path
    sha256: str
    created_at: datetime | None
    seal: str
    student_count: int
    photo_count: int
    odd: BoundedList
    table: Table = field(repr=False)
    trusted: bool = False

    @property
    def name(self) -> str:
        return self.path.name

    @cached_property
    def sealed(self) -> bool:
        """Whether one of this deployment's keys sealed it. Raises `IdentityKeyMissing`."""
        return any(self._seals())

    @property
    def sealed_by_newest_key(self) -> bool:
        """Whether the key that signs today did. Raises `IdentityKeyMissing`."""
        return next(self._seals(), False)

    def _seals(self) -> Iterator[bool]:
        seals = layout.seals(self.sha256) if self.seal else ()
        return (hmac.compare_digest(seal.encode(), self.seal.encode()) for seal in seals)

    def students(self) -> Iterator[BackedUpStudent]:
        return self.table.students()

    def absent_count(self) -> int:
        """The number of its students who are not in the database."""
        return self.table.absent_count()

    def erased(self) -> Iterator[Erased]:
        return self.table.erased()

    def find(self, student_id: UUID) -> BackedUpStudent | None:
        """The student's entry, None where there is none."""
        return self.table.find(student_id)

    def forget(self) -> None:
        self.table.drop()


@dataclass
class _Reading:
    """What was met so far, and where it is put."""

    table: Table
    digest: Any = field(default_factory=hashlib.sha256)
    created_at: datetime | None = None
    manifest: Manifest | None = None
    students: int = 0
    photos: int = 0
    attendance: int = 0
    odd: BoundedList = field(default_factory=BoundedList)

    def add(self, student: BackedUpStudent, line: bytes | None = None) -> None:
        self.students += 1
        self.photos += len(student.photos) or student.had_photo
        self.attendance += len(student.attendance)
        self.table.add(student, line)

    def pass_over(self, found: object, error: Exception) -> None:
        entry = odd(self.students + self.odd.count + 1, found, error)
        self.odd.append(entry)

    def check(self) -> None:
        """Raises `InvalidBackup` where it is not what it says, and where two students have one id."""
        twice = self.table.finish()
        if twice is not None:
            raise InvalidBackup(f"The backup is damaged: student {twice} or their number is in it twice.")
        if self.odd.count and not self.students:
            first: OddEntry = self.odd.items[0]
            raise InvalidBackup(f"The file is not a backup: no entry of it can be read, {first}.")
        if self.manifest is None:
            return
        found = [self.students + self.odd.count, self.photos, self.attendance]
        said = [self.manifest.students, self.manifest.photos, self.manifest.attendance]
        # How many photos an odd entry has cannot be counted.
        compared = 1 if self.odd.count else 3
        if self.manifest.sha256 != self.digest.hexdigest() or said[:compared] != found[:compared]:
            raise InvalidBackup("The backup is damaged: its content is not what its manifest states.")


def open_backup(path: Path) -> Backup:
    """The backup at `path`, read once and found to be whole. Raises `InvalidBackup` with one sentence."""
    with _opened(path) as file:
        reading = _Reading(Table())
        try:
            _read(file, reading)
            reading.check()
        except InvalidBackup:
            reading.table.drop()
            raise
        return Backup(
            path=path,
            sha256=reading.digest.hexdigest(),
            created_at=reading.created_at,
            seal=reading.manifest.seal if reading.manifest else "",
            student_count=reading.students,
            photo_count=reading.photos,
            odd=reading.odd,
            table=reading.table,
        )


@dataclass(frozen=True)
class Claim:
    """What a file says of itself, before anything else of it was looked at. Nothing, of the old kind."""

    written_at: datetime | None = None
    students: int | None = None


def claim_of(path: Path) -> Claim:
    """The first line of the file and its last."""
    claim = Claim()
    try:
        with _opened(path) as file:
            claim = Claim(_head(file.readline(layout.MAX_LINE_BYTES)))
            return replace(claim, students=_manifest(_last_line(file)).students)
    except InvalidBackup:
        return claim


def _read(file: BinaryIO, reading: _Reading) -> None:
    start = file.readline(layout.MAX_LINE_BYTES)
    if start.startswith(layout.HEAD):
        reading.created_at = _head(start)
        # Without its last line nothing of a large file is read, which may take minutes.
        _last_line(file)
        reading.digest.update(start)
        _read_ours(file, reading)
        return
    if os.fstat(file.fileno()).st_size > layout.MAX_OLD_BACKUP_BYTES:
        raise InvalidBackup("The file is too large for a backup of the old kind.")
    file.seek(0)
    for entry in entries(file, reading.digest):
        try:
            reading.add(student_of_entry(entry))
        except UNREADABLE as error:
            reading.pass_over(entry, error)


def _read_ours(file: BinaryIO, reading: _Reading) -> None:
    erased = False
    while (line := file.readline(layout.MAX_LINE_BYTES)).endswith(b"\n"):
        if line.startswith(layout.MANIFEST):
            if file.read(1):
                break
            reading.manifest = _manifest(line)
            return
        reading.digest.update(line)
        if line == layout.ERASED:
            erased = True
        elif erased:
            reading.table.add(_typed(line.rstrip(b",\n"), Erased, "an erasure"))
        else:
            _read_line(line.rstrip(b",\n"), reading)
    raise InvalidBackup(CUT_OFF)


def _read_line(line: bytes, reading: _Reading) -> None:
    try:
        reading.add(student_of_line(line), line)
    except UNREADABLE as error:
        reading.pass_over(loosely(line), error)


def _last_line(file: BinaryIO) -> bytes:
    here, size = file.tell(), os.fstat(file.fileno()).st_size
    file.seek(max(0, size - layout.MAX_MANIFEST_BYTES))
    _before, manifest, last = file.read(layout.MAX_MANIFEST_BYTES).rpartition(layout.MANIFEST)
    file.seek(here)
    if not manifest or not last.endswith(layout.END):
        raise InvalidBackup(CUT_OFF)
    return manifest + last


def _manifest(line: bytes) -> Manifest:
    if not line.endswith(layout.END):
        raise InvalidBackup(CUT_OFF)
    return _typed(line[len(layout.MANIFEST) : -len(layout.END)], Manifest, "the manifest")


def _head(line: bytes) -> datetime:
    if not (line.startswith(layout.HEAD) and line.endswith(layout.STUDENTS)):
        raise InvalidBackup("The backup is damaged: it was changed after it was written, or is cut off.")
    return _typed(line.removesuffix(layout.STUDENTS) + b"}", Head, "the head").created_at


def _typed(data: bytes, kind: type[Typed], what: str) -> Typed:
    try:
        return msgspec.json.decode(data, type=kind)
    except UNREADABLE as error:
        raise InvalidBackup(f"The backup is damaged: {what} is not as it should be.") from error


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """The file, once it is known to be one and of a believable size."""
    try:
        # O_NONBLOCK: opening a named pipe would wait for a writer for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError as error:
        raise InvalidBackup(NO_BACKUP, code="no_backup") from error
    except (OSError, ValueError) as error:
        raise InvalidBackup("The backup cannot be opened.") from error
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        raise InvalidBackup("The backup is not a file.")
    with os.fdopen(descriptor, "rb") as file:
        if found.st_size > layout.MAX_BACKUP_BYTES:
            limit = layout.MAX_BACKUP_BYTES / 1_073_741_824
            raise InvalidBackup(f"The file is too large for a backup: more than {limit:g} GiB.")
        try:
            yield file
        except OSError as error:
            raise InvalidBackup("The backup cannot be read.") from error


def file_version(path: Path) -> tuple[int, ...]:
    """What tells that it is another file by now; empty where there is none."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
