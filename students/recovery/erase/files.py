"""The erased student's files that no row of theirs names, found by what their bytes say."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from uuid import UUID

from django.db.models import Q

from photostore.errors import FileMissing, FileTooLarge, InvalidFile
from photostore.intake import FORMATS, sniff, take_in_image
from photostore.inventory import orphans
from photostore.models import QuarantinedFile, StoredFile
from photostore.references import locked_key
from photostore.storage import storage_for
from students import identity
from students.key_claims import OF_OTHERS
from students.models import SHA256_COLUMNS, Student, StudentPhoto
from students.recovery.change.legacy_row import unadopted_bytes
from students.recovery.evidence.backups import BackupStudents
from students.recovery.evidence.hashes import hash_numbers
from students.recovery.storage_index import StorageIndex
from students.recovery.unowned import (
    QUARANTINE,
    Location,
    UnownedFile,
    has_own_safe_place,
    read_unowned_files,
    set_aside,
    was_used,
)
from students.tombstones import erased_of, erased_students
from students.versions import MAX_STORED_BYTES, photo_limits

# All but those that name another student who is here, by id or by number. An identity that names no one who
# is here may be the student's own from before a reseed.
_PERHAPS_THEIRS = """
named_student IS NULL OR named_student = ANY(%s) OR NOT (
    EXISTS (SELECT FROM students_student AS s WHERE s.student_id = named_student)
    OR EXISTS (SELECT FROM students_number_hashes AS h
               WHERE h.number_hash <> '' AND h.number_hash = {index}.number_hash))
"""


def files_in_folder(student_id: UUID) -> list[UnownedFile]:
    """What lies in the student's folder, live or in quarantine. Raises `StorageUnavailable`."""
    folder = f"photos/students/{student_id}/"
    return [
        file
        for alias in _aliases()
        for prefix in (folder, QUARANTINE)
        for file in read_unowned_files(
            Location.of(alias, found)
            for found in storage_for(alias).scan(prefix)
            if found.key.startswith(folder) or f"/{folder}" in found.key
        )
    ]


def sha256s_of_the_rows_own_file(student_id: UUID) -> set[str]:
    """Of a photo that only the student's row knows, as another system left it: its bytes and its pixels."""
    student = Student.objects.filter(student_id=student_id).first()
    data = unadopted_bytes(student) if student is not None else None
    if data is None:
        return set()
    found = {hashlib.sha256(data).hexdigest(), _pixels(data)} - {""}
    try:
        return found | {identity.without(data).bare_sha256}
    except InvalidFile:
        return found


def empty_folders(student_id: UUID) -> None:
    """Remove what lies in the folders that bear the student's UUID, whatever it is."""
    for alias in _aliases():
        storage = storage_for(alias)
        for prefix in (f"photos/students/{student_id}/", f"derived/students/{student_id}/"):
            for file in [*storage.scan(prefix), *storage.partials(prefix)]:
                storage.remove(file.key)
        theirs = [file.key for file in storage.scan(QUARANTINE) if f"/students/{student_id}/" in file.key]
        for key in theirs:
            _remove(alias, key)


class LooseFiles:
    """Every file of students that no row names, and all of theirs in quarantine; each read once."""

    def __init__(self) -> None:
        self._index = StorageIndex("erase", ())

    def look(self) -> None:
        """List them all, and read what came since the last look. Raises `StorageUnavailable`."""
        self._index.add(read_unowned_files(self._index.those_not_in(_loose_files())))

    def with_number(self, hashes: Collection[str]) -> Iterator[UnownedFile]:
        """Those whose identity has a number with one of these hashes."""
        return self._index.files("number_hash = ANY(%s)", [list(hashes)])

    def remove_those_of(self, student_id: UUID, earlier: Collection[UUID]) -> None:
        """Remove every file that shows the student, wherever it lies; by bytes alone.

        `earlier` is as whom the student was here before.
        """
        ids = [student_id, *earlier]
        hash_numbers(BackupStudents())
        condition = _PERHAPS_THEIRS.format(index=self._index.table)
        for file in self._index.files(condition, [ids]):
            with locked_key(file.key):
                if StoredFile.objects.filter(key=file.key).exists():
                    continue
                data = _bytes_of(file)
                if data is not None and _shows(file, data, student_id, ids):
                    _remove(file.storage_alias, file.key)
                    _remove_thumbnails(file)


def _loose_files() -> Iterator[Location]:
    for alias in _aliases():
        for one in set_aside(alias):
            if not _original_key(one.key).startswith(OF_OTHERS):
                yield one
        for file in orphans(alias):
            if not file.key.startswith(OF_OTHERS):
                yield Location.of(alias, file)


def _aliases() -> list[str]:
    """Each place once, and none where nothing was ever kept."""
    return [alias for alias in ("default", "safe") if was_used(alias) and _is_a_place_of_its_own(alias)]


def _is_a_place_of_its_own(alias: str) -> bool:
    return alias == "default" or has_own_safe_place()


def _shows(file: UnownedFile, data: bytes, student_id: UUID, ids: Collection[UUID]) -> bool:
    """By the identity inside; else by bytes or pixels, unless another student has them on record."""
    if file.named_student is not None:
        if file.named_student in ids or erased_students([file.named_student]):
            return True
        if _is_kept_for_somebody(file):
            return False
    found = erased_of(student_id, [file.sha256, file.bare_sha256]) or erased_of(student_id, [_pixels(data)])
    return bool(found) and not any(_is_recorded(one) for one in found)


def _is_kept_for_somebody(file: UnownedFile) -> bool:
    """Whether it was set aside as a student's own: of a twin who was deleted, and may be brought back."""
    return any(row.owner_label for row in _rows_of(file.storage_alias, file.key))


def _is_recorded(sha256: str) -> bool:
    """Whether a student who is here has this picture: a twin's is not taken away."""
    asked = Q(*((column, sha256) for column in SHA256_COLUMNS), _connector=Q.OR)
    return StudentPhoto.objects.filter(asked).exists()


def _pixels(data: bytes) -> str:
    name = sniff(data)
    if name is None:
        return ""
    try:
        filename = f"unowned.{FORMATS[name].extensions[0]}"
        return take_in_image(data, filename=filename, limits=photo_limits()).pixel_sha256
    except (InvalidFile, FileTooLarge):
        return ""


def _bytes_of(file: UnownedFile) -> bytes | None:
    """Looked at again: None where the file is gone, or another one by now. Raises `StorageUnavailable`."""
    try:
        data = storage_for(file.storage_alias).read(file.key, max_bytes=MAX_STORED_BYTES)
    except (FileMissing, FileTooLarge):
        return None
    return data if hashlib.sha256(data).hexdigest() == file.sha256 else None


def _remove(alias: str, key: str) -> None:
    storage_for(alias).remove(key)
    for row in _rows_of(alias, key):
        row.delete()


def _remove_thumbnails(file: UnownedFile) -> None:
    """Those of a version from before a reseed, which lie under the id inside."""
    if file.named_student is not None:
        for one in storage_for("default").scan(f"derived/students/{file.named_student}/{file.sha256}_"):
            storage_for("default").remove(one.key)


def _rows_of(alias: str, key: str) -> list[QuarantinedFile]:
    if not key.startswith(QUARANTINE):
        return []
    operation = key.split("/", 2)[1]
    rows = QuarantinedFile.objects.filter(storage_alias=alias, key=_original_key(key))
    return [row for row in rows if str(row.operation) == operation]


def _original_key(key: str) -> str:
    return key.split("/", 2)[2] if key.count("/") > 1 else key
