"""Writing a backup: one snapshot of the rows, streamed, whole or not at all. No bytes of photos travel."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, BinaryIO

from django.db import connection, transaction
from django.utils import timezone

from photostore.bounded import BoundedList
from photostore.commands import alone
from photostore.errors import CommandRefused
from students.recovery.backups import layout
from students.recovery.backups.choose import newest_valid
from students.recovery.backups.contents import InvalidBackup
from students.recovery.backups.read import open_backup
from students.recovery.backups.rows import erased_rows, student_rows

WRITING = ("students.backups", "Another backup is being written. Try again when it has finished.")


@dataclass
class Written:
    """What is in the file that was written. `odd`: the students who could not be read out of it again."""

    path: Path
    students: int = 0
    photos: int = 0
    attendance: int = 0
    sha256: str = ""
    odd: BoundedList = field(default_factory=BoundedList)


@dataclass
class _Draft:
    """The file under its temporary name, and the digest of what went into it."""

    file: BinaryIO
    digest: Any = field(default_factory=hashlib.sha256)

    def write(self, data: bytes) -> None:
        self.digest.update(data)
        self.file.write(data)

    def items(self, items: Iterable[dict[str, Any]]) -> None:
        before = b""
        for item in items:
            self.write(before + encoded(item))
            before = b",\n"
        if before:
            self.write(b"\n")


def write_backup(folder: Path, *, force: bool = False) -> Written:
    """Write `seed_backup_{YYYYmmdd_HHMM}.json` in `folder`, never over one that is there.

    It is read again before it gets its name: a backup that cannot be read must not look like one. Raises
    `CommandRefused` for that, where there is one of this minute, where the folder cannot be written, and
    without `force` for an empty one where the newest has students. It waits for no command; one is written at
    a time.
    """
    written = Written(folder / f"seed_backup_{timezone.localtime():%Y%m%d_%H%M}.json")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with alone(*WRITING), _published(written, force=force) as file, _snapshot():
            _write(_Draft(file), written)
    except FileExistsError as error:
        if not folder.is_dir():
            raise CommandRefused(f"{folder} is a file; --output takes a folder.") from error
        raise CommandRefused(f"{written.path.name} is there already. Try again in a minute.") from error
    except OSError as error:
        raise CommandRefused(f"The backup cannot be written: {error.strerror}.") from error
    return written


def _remove_drafts(folder: Path) -> None:
    """What a killed run left names every student, and would not be found. Only one runs at a time."""
    for draft in folder.glob(".seed_backup_*.json.*"):
        draft.unlink()


def _write(draft: _Draft, written: Written) -> None:
    draft.write(layout.HEAD + encoded(datetime.now(UTC)) + layout.STUDENTS)
    draft.items(_counted(student_rows(), written))
    draft.write(layout.ERASED)
    draft.items(erased_rows())
    written.sha256 = draft.digest.hexdigest()
    manifest = {
        "students": written.students,
        "photos": written.photos,
        "attendance": written.attendance,
        "sha256": written.sha256,
        "seal": layout.seals(written.sha256)[0],
    }
    draft.file.write(layout.MANIFEST + encoded(manifest) + layout.END)


def _counted(rows: Iterable[dict[str, Any]], written: Written) -> Iterator[dict[str, Any]]:
    for row in rows:
        written.students += 1
        written.photos += len(row["photos"])
        written.attendance += len(row["attendance"])
        yield row


def encoded(value: object) -> bytes:
    """One line of JSON, without bytes that an editor could spoil."""
    return json.dumps(value, default=_plain).encode("ascii")


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


@contextmanager
def _snapshot() -> Iterator[None]:
    """One view of all rows, however long it takes; a caller's transaction has its own."""
    own = not connection.in_atomic_block
    with transaction.atomic():
        if own:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _read_again(draft: Path, written: Written) -> None:
    """What no restore would take is refused today, while the school is still whole."""
    try:
        found = open_backup(draft)
    except InvalidBackup as error:
        raise CommandRefused(
            f"The backup could not be read again, and was not kept. {error}", code="unreadable_backup"
        ) from error
    found.forget()
    written.odd = found.odd
    if found.sha256 != written.sha256 or not found.sealed:
        raise CommandRefused(
            "The backup is not what was written: the disk is damaged, or the identity key was exchanged.",
            code="unreadable_backup",
        )


def _refuse_to_forget(folder: Path) -> None:
    """An empty school is perhaps one whose database was just lost: its backups must not say so."""
    newest = newest_valid(folder).backup
    if newest is None:
        return
    newest.forget()
    if newest.student_count:
        raise CommandRefused(
            f"There are no students, and {newest.name} has {newest.student_count}. Nothing was written; "
            "--force writes an empty backup all the same.",
            code="empty_school",
        )


@contextmanager
def _published(written: Written, *, force: bool) -> Iterator[BinaryIO]:
    """A file that gets its name when all of it is on the medium and reads well, and if the name is free."""
    path = written.path
    _remove_drafts(path.parent)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _read_again(draft, written)
        if not (written.students or force):
            _refuse_to_forget(path.parent)
        os.link(draft, path)  # unlike rename, it refuses where the name is taken
    finally:
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
