"""As whom the erased stands in backups: every dated file of the folder may be restored from one day."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from django.conf import settings

from students import identity
from students.models import Student
from students.recovery.backups import BackedUpStudent, Backup, InvalidBackup, newest_valid, open_backup

CHUNK_BYTES = 1_048_576


@dataclass(frozen=True)
class Traces:
    """By what a student is recognised: keyed hashes of their numbers, sha256s of their photos without an
    identity or as handed in, the numbers themselves and the names where they are known."""

    student_id: UUID
    hashes: frozenset[str] | set[str]
    sha256s: frozenset[str] | set[str]
    numbers: frozenset[str] | set[str]
    names: frozenset[str] = frozenset()

    @property
    def texts(self) -> list[bytes]:
        """What a backup that knows them mentions, in lower case."""
        numbers = (json.dumps(number).encode().lower() for number in self.numbers)
        return [*numbers, *(sha256.encode() for sha256 in self.sha256s)]


def ids_in_backups(traces: Traces) -> set[UUID]:
    """Under which other ids the backups of this deployment know them.

    By a number, in an older backup than the newest with their name as well, for numbers are given anew;
    without one by the picture of a student who has their name, for a picture may be a twin's. A backup that
    has them under today's id says nothing: there the others are others.
    """
    newest = newest_valid(settings.PHOTO_BACKUP_DIR).backup
    known = newest.find(traces.student_id) if newest else None
    names = {known.name} if known else set()
    names |= set(Student.objects.filter(student_id=traces.student_id).values_list("name", flat=True))
    traces = replace(traces, names=frozenset(names))
    found: set[UUID] = set()
    for backup in _backups(newest, traces.texts):
        found |= _ids_in(backup, traces, is_newest=backup is newest)
        backup.forget()
    return found


def _backups(newest: Backup | None, texts: list[bytes]) -> Iterator[Backup]:
    """The newest, and those that mention one of the texts; ours alone: another's may say anything."""
    for path in sorted(Path(settings.PHOTO_BACKUP_DIR).glob("*.json")):
        try:
            if newest and path == newest.path:
                backup = newest
            elif mentions(path, texts):
                backup = open_backup(path)
            else:
                continue
        except InvalidBackup:
            continue
        if backup.sealed:
            yield backup
        else:
            backup.forget()


def _ids_in(backup: Backup, traces: Traces, *, is_newest: bool) -> set[UUID]:
    by_number, by_picture = set(), set()
    for entry in backup.students():
        if entry.student_id == traces.student_id:
            return set()
        if _has_number(entry, traces) and (is_newest or entry.name in traces.names):
            by_number.add(entry.student_id)
        elif _is_pictured(entry, traces):
            by_picture.add(entry.student_id)
    return by_number or (by_picture if len(by_picture) == 1 else set())


def _has_number(entry: BackedUpStudent, traces: Traces) -> bool:
    return any(not traces.hashes.isdisjoint(identity.number_hashes(one)) for one in entry.numbers)


def _is_pictured(entry: BackedUpStudent, traces: Traces) -> bool:
    """Of two different numbers one is a namesake's."""
    if (entry.numbers and traces.hashes) or entry.name not in traces.names:
        return False
    attendance = {one for photo in entry.attendance for one in (photo.untagged_sha256, photo.source_sha256)}
    return not traces.sha256s.isdisjoint(entry.sha256s | attendance)


def mentions(path: Path, wanted: Collection[bytes]) -> bool:
    """Whether the file has one of these texts, given in lower case."""
    tail, longest = b"", max(map(len, wanted), default=0)
    for chunk in _chunks(path):
        window = (tail + chunk).lower()
        if any(one in window for one in wanted):
            return True
        tail = chunk[-longest:]
    return False


def _chunks(path: Path) -> Iterator[bytes]:
    if path.is_file():
        with path.open("rb") as file:
            yield from iter(lambda: file.read(CHUNK_BYTES), b"")
