"""Students' files that no row names: where they lie, and what their bytes say."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings

from photostore import keys
from photostore.errors import FileMissing, FileTooLarge, FileUnreadable, InvalidFile
from photostore.intake import FORMATS, sniff
from photostore.inventory import orphans
from photostore.inventory.diff import YOUNG
from photostore.models import Operation, OperationStep, StoredFile
from photostore.operations.quarantine import sha256_of
from photostore.storage import FileStat, storage_for
from students import identity
from students.key_claims import FOLDERS, OF_OTHERS, KeyClaim, claim_of
from students.versions import MAX_STORED_BYTES

BATCH = 1_000
QUARANTINE = "quarantine/"
# A safe copy is registered under its own alias, also where that is the same place.
_ALSO = """
NOT EXISTS (SELECT FROM photostore_storedfile AS f WHERE f.key = l.key)
AND NOT EXISTS (
    SELECT FROM students_student AS s
    WHERE l.key LIKE 'photos/students/%%' AND s.student_id::text || '/' = substr(l.key, 17, 37)
    AND NOT (substr(l.key, 54, 8) = 'history/'
             AND to_timestamp(l.modified_at) < statement_timestamp() - make_interval(secs => {seconds})))
"""


@dataclass(frozen=True, slots=True)
class Location:
    """An unowned file: its own key, and where its bytes are (elsewhere when this operation moved it).

    `deleted`: it lies in quarantine since its student was deleted.
    """

    storage_alias: str
    key: str
    stored_at: str
    byte_size: int
    modified_at: datetime
    deleted: bool = False

    @classmethod
    def of(cls, storage_alias: str, file: FileStat) -> Location:
        return cls(storage_alias, file.key, file.key, file.byte_size, file.modified_at)


@dataclass(frozen=True, slots=True)
class UnownedFile:
    """An unowned file that was read. `bare_sha256` is without the identity inside, as a version records
    it.
    """

    storage_alias: str
    key: str
    stored_at: str
    byte_size: int
    modified_at: datetime
    sha256: str
    bare_sha256: str
    content_type: str
    named_student: UUID | None = None
    number_hash: str = ""
    attendance: str = ""
    note: str = ""
    deleted: bool = False
    by_newest_key: bool = True

    @property
    def person(self) -> str:
        """Whose it once was: the identity inside, else the folder; else the file stands for itself."""
        return str(self.named_student or claim_of(self.key).folder or self.key)

    @property
    def moment(self) -> str:
        """`2026-11-21_AM` for an attendance photo; empty for another."""
        return self.moment_at(claim_of(self.key))

    def moment_at(self, place: KeyClaim) -> str:
        """The same, where its place is known: an identity's own word goes before the file name's."""
        return self.attendance if self.named_student else place.moment


def unowned_locations(resumed: Operation | None = None) -> Iterator[Location]:
    """Every file of students' that no row names and that lies in no folder of a student who is here.

    Of these folders only versions that no upload can be about to name: the database may be of an older day
    than the photos. With what the interrupted operation `resumed` had to move out of the way. Streams;
    raises `StorageUnavailable`.
    """
    aliases = (
        {"default": "", "safe": FOLDERS} if has_own_safe_place() and was_used("safe") else {"default": ""}
    )
    also = _ALSO.format(seconds=YOUNG.total_seconds())
    for alias, prefix in aliases.items():
        for file in orphans(alias, prefix, also=also):
            if not file.key.startswith(OF_OTHERS):
                yield Location.of(alias, file)
    if resumed is not None:
        yield from _displaced_by(resumed)


def set_aside(alias: str) -> Iterator[Location]:
    """Every file in quarantine. Streams; raises `StorageUnavailable`."""
    for file in storage_for(alias).scan(QUARANTINE):
        yield Location.of(alias, file)


def was_used(alias: str) -> bool:
    """False for a place where nothing was ever kept; one that is gone, and known, is scanned and refuses."""
    return storage_for(alias).is_prepared() or StoredFile.objects.filter(storage_alias=alias).exists()


def has_own_safe_place() -> bool:
    """Whether safe copies lie elsewhere; where not, looking there again would find everything twice."""
    storage_roots = [settings.STORAGES[alias] for alias in ("default", "safe")]
    return storage_roots[0] != storage_roots[1]


def _displaced_by(operation: Operation) -> Iterator[Location]:
    steps = OperationStep.objects.filter(operation=operation, details__has_key="aside").order_by("number")
    for step in steps.iterator(chunk_size=BATCH):
        for alias, key, _sha256 in step.details["aside"]:
            stored_at = keys.quarantined(operation.pk, key)
            found = storage_for(alias).stat(stored_at)
            if found is not None:
                yield Location(alias, key, stored_at, found.byte_size, found.modified_at)


def read_unowned_files(
    locations: Iterable[Location], tick: Callable[[], None] = lambda: None, *, verified: bool = True
) -> Iterator[UnownedFile]:
    """The files with what their bytes say; one that went away meanwhile is passed over."""
    for location in locations:
        unowned_file = read_unowned_file(location, verified=verified)
        tick()
        if unowned_file is not None:
            yield unowned_file


def read_unowned_file(location: Location, *, verified: bool = True) -> UnownedFile | None:
    """What the bytes say; None where they are gone. Raises `StorageUnavailable`.

    The identity inside only where it is to be `verified`: that takes the key.
    """
    try:
        data = storage_for(location.storage_alias).read(location.stored_at, max_bytes=MAX_STORED_BYTES)
    except FileMissing:
        return None
    except FileTooLarge:
        return _too_large(location)
    except FileUnreadable as error:
        # Named, and like no other: of its bytes nothing is known.
        unlike = hashlib.sha256(f"unreadable {location}".encode()).hexdigest()
        return _unowned_file(location, unlike, unlike, "", note=str(error))
    sha256 = hashlib.sha256(data).hexdigest()
    format_name = sniff(data)
    content_type = FORMATS[format_name].content_type if format_name else ""
    try:
        bare_sha256, inside, is_forged = identity.inspect(data) if verified else identity.without(data)
    except InvalidFile:
        return _unowned_file(location, sha256, sha256, content_type)
    if inside is None:
        note = "the identity inside does not verify and counts as nothing" if is_forged else ""
        return _unowned_file(location, sha256, bare_sha256, content_type, note=note)
    return _unowned_file(location, sha256, bare_sha256, content_type, inside)


def _too_large(location: Location) -> UnownedFile | None:
    sha256 = sha256_of(location.storage_alias, location.stored_at)
    return (sha256 and _unowned_file(location, sha256, sha256, "", note="larger than any photo")) or None


def _unowned_file(
    at: Location,
    sha256: str,
    bare_sha256: str,
    content_type: str,
    inside: identity.Identity | None = None,
    *,
    note: str = "",
) -> UnownedFile:
    named: tuple[UUID | None, str, str] = (None, "", "")
    if inside is not None:
        named = (inside.student_id, inside.number_hash, inside.attendance)
    by_newest_key = inside is None or inside.by_newest_key
    lies = (at.storage_alias, at.key, at.stored_at, at.byte_size, at.modified_at)
    return UnownedFile(*lies, sha256, bare_sha256, content_type, *named, note, at.deleted, by_newest_key)
