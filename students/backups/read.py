"""Reading a backup, which is hostile until it was read once from its first byte to its last."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from students.backups import layout
from students.backups.contents import BackedUpStudent, Erased, InvalidBackup
from students.backups.ids import Ids
from students.backups.parse import erased_in, old_student_in, student_in
from students.backups.values import Values

Placed = tuple[int | None, BackedUpStudent | Erased]
NO_BACKUP = "No backup file found!"


@dataclass(frozen=True, kw_only=True)
class Backup:
    """A backup whose every value was looked at. `sealed` says that this deployment wrote it.

    An old one has neither `created_at` nor a manifest.
    """

    path: Path
    sha256: str
    created_at: datetime | None
    sealed: bool
    student_count: int
    photo_count: int
    version: tuple[int, ...] = field(repr=False)

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    def placed_students(self) -> Iterator[tuple[int | None, BackedUpStudent]]:
        """Every student with the offset of their line in the file, None in a backup of the old kind."""
        return ((at, item) for at, item in self._placed() if isinstance(item, BackedUpStudent))

    def student_at(self, offset: int) -> BackedUpStudent:
        """The student whose line begins there, as `placed_students` said. Raises `InvalidBackup` likewise."""
        with self._unchanged() as file:
            file.seek(offset)
            return student_in(_parsed(file.readline(layout.MAX_LINE_BYTES).rstrip(b",\n")))

    def is_unchanged(self) -> bool:
        """Whether the file is there and the one that was opened."""
        try:
            with self._unchanged():
                return True
        except InvalidBackup:
            return False

    def students(self) -> Iterator[BackedUpStudent]:
        """Every student, streamed. Raises `InvalidBackup` when the file was exchanged since."""
        return (student for _at, student in self.placed_students())

    def erased(self) -> Iterator[Erased]:
        """Every tombstone, streamed likewise."""
        return (item for _at, item in self._placed() if isinstance(item, Erased))

    def _placed(self) -> Iterator[Placed]:
        with self._unchanged() as file:
            yield from _placed(file, _Manifest())

    @contextmanager
    def _unchanged(self) -> Iterator[BinaryIO]:
        with _opened(self.path) as file:
            if _version(file) != self.version:
                raise InvalidBackup(f"{self.name} was changed while it was in use.")
            yield file


@dataclass
class _Reading:
    """What the first reading counts, and the ids that it meets."""

    students: int = 0
    photos: int = 0
    attendance: int = 0
    ids: Ids = field(default_factory=Ids)

    def add(self, item: BackedUpStudent | Erased) -> None:
        if isinstance(item, Erased):
            return
        self.students += 1
        self.photos += len(item.photos) or item.had_photo
        self.attendance += len(item.attendance)
        self.ids.add(item)

    def check(self) -> None:
        """Raises `InvalidBackup` where two students have one id or one number."""
        student_id = self.ids.one_that_is_twice()
        if student_id is not None:
            raise InvalidBackup(
                f"The backup is damaged: student {student_id} or their number is in it twice."
            )


def open_backup(path: Path) -> Backup:
    """The backup at `path`, read once and found to be whole. Raises `InvalidBackup` with one sentence."""
    with _opened(path) as file:
        version = _version(file)
        reading, manifest = _Reading(), _Manifest()
        for _at, item in _placed(file, manifest):
            reading.add(item)
        manifest.check(reading)
        reading.check()
        return Backup(
            path=path,
            sha256=manifest.sha256,
            created_at=manifest.created_at,
            sealed=manifest.sealed,
            student_count=reading.students,
            photo_count=reading.photos,
            version=version,
        )


def written_at(path: Path) -> datetime | None:
    """When the file says that it was written, before anything else of it was looked at.

    None for one of the old kind, and for one whose first line says nothing.
    """
    try:
        with _opened(path) as file:
            return _head(file.readline(layout.MAX_LINE_BYTES))
    except InvalidBackup:
        return None


@dataclass
class _Manifest:
    """The digest that grows line by line, and what the last line says that it should be."""

    digest: Any = field(default_factory=hashlib.sha256)
    created_at: datetime | None = None
    said: Values | None = None

    @property
    def sha256(self) -> str:
        return str(self.digest.hexdigest())

    @property
    def sealed(self) -> bool:
        if self.said is None:
            return False
        said = self.said.text("seal", longest=64, default="").encode()
        return any(hmac.compare_digest(seal.encode(), said) for seal in layout.seals(self.sha256))

    def check(self, reading: _Reading) -> None:
        if self.said is None:  # an old backup
            return
        counts = {name: self.said.number(name) for name in ("students", "photos", "attendance")}
        if self.said.sha256("sha256") != self.sha256 or counts != {
            name: getattr(reading, name) for name in counts
        }:
            raise InvalidBackup("The backup is damaged: its content is not what its manifest states.")


def _placed(file: BinaryIO, manifest: _Manifest) -> Iterator[Placed]:
    """What is in the file, each with the offset of its line, or None where there are no lines."""
    start = file.readline(layout.MAX_LINE_BYTES)
    if not start.startswith(layout.HEAD):
        yield from ((None, student) for student in _old_items(file, manifest))
        return
    manifest.created_at = _head(start)
    _refuse_cut_off(file)
    manifest.digest.update(start)
    parse: Any = student_in
    at = len(start)
    while line := file.readline(layout.MAX_LINE_BYTES):
        if line.startswith(layout.MANIFEST):
            manifest.said = Values(_parsed(line[len(layout.MANIFEST) : -len(layout.END)]), "the manifest")
            if not line.endswith(layout.END) or file.read(1):
                break
            return
        manifest.digest.update(line)
        if line == layout.ERASED:
            parse = erased_in
        else:
            yield at, parse(_parsed(line.rstrip(b",\n")))
        at += len(line)
    raise InvalidBackup("The backup is cut off: it has no end.")


def _refuse_cut_off(file: BinaryIO) -> None:
    """Without its last line nothing of a large file is read, which may take minutes."""
    here, size = file.tell(), os.fstat(file.fileno()).st_size
    file.seek(max(0, size - layout.MAX_MANIFEST_BYTES))
    last = file.read(layout.MAX_MANIFEST_BYTES)
    file.seek(here)
    if layout.MANIFEST not in last or not last.endswith(layout.END):
        raise InvalidBackup("The backup is cut off: it has no end.")


def _head(line: bytes) -> datetime:
    if not (line.startswith(layout.HEAD) and line.endswith(layout.STUDENTS)):
        raise InvalidBackup("The backup is damaged: it was changed after it was written, or is cut off.")
    created_at = _parsed(line[len(layout.HEAD) : -len(layout.STUDENTS)])
    return Values({"created_at": created_at}, "the head").moment("created_at")


def _old_items(file: BinaryIO, manifest: _Manifest) -> Iterator[BackedUpStudent]:
    if os.fstat(file.fileno()).st_size > layout.MAX_OLD_BACKUP_BYTES:
        raise InvalidBackup("The file is too large for a backup of the old kind.")
    file.seek(0)
    data = file.read(layout.MAX_OLD_BACKUP_BYTES + 1)
    manifest.digest.update(data)
    found = _parsed(data)
    if isinstance(found, dict):
        if "manifest" in found:
            raise InvalidBackup("The backup is damaged: it was changed after it was written.")
        found = found.get("students")
    if not isinstance(found, list):
        raise InvalidBackup("The file is not a backup: it has no list of students.")
    yield from map(old_student_in, found)


def _parsed(data: bytes) -> Any:
    if not data.strip():
        raise InvalidBackup("The file is not a backup: it is empty, or a line of it is.")
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InvalidBackup("The file is not a backup: it is not JSON, or is cut off.") from error


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
        return _told_apart(path.stat())
    except (OSError, ValueError):
        return ()


def _version(file: BinaryIO) -> tuple[int, ...]:
    return _told_apart(os.fstat(file.fileno()))


def _told_apart(found: os.stat_result) -> tuple[int, ...]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
