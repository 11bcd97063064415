"""The erased student's files that no row of theirs names, found by what their bytes say."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from uuid import UUID

from django.db.models import Q

from photostore import tags
from photostore.errors import FileMissing, FileTooLarge, InvalidFile
from photostore.intake import FORMATS, sniff, take_in_image
from photostore.inventory import held, orphans
from photostore.models import QuarantinedFile, StoredFile
from photostore.storage import storage_for
from students import identity
from students.models import SHA256_COLUMNS, AttendancePhoto, StudentPhoto
from students.restore.lines import Lines
from students.strays import OF_OTHERS, has_own_safe_place, was_used
from students.tombstones import erased_of
from students.versions import MAX_STORED_BYTES, photo_limits

QUARANTINE = "quarantine/"
Spot = tuple[str, str]


def bare_sha256s(student_id: UUID) -> set[str]:
    """Of the photos that lie in the student's folder, live or in quarantine, without the identity inside."""
    folder = f"photos/students/{student_id}/"
    found: set[str] = set()
    for alias in _aliases():
        storage = storage_for(alias)
        keys = [file.key for file in storage.scan(folder)]
        keys += [file.key for file in storage.scan(QUARANTINE) if f"/{folder}" in file.key]
        for key in keys:
            data = _read(alias, key)
            # What is damaged has no tag to be taken out, and stops no erasure.
            with suppress(InvalidFile):
                if data is not None:
                    found.add(hashlib.sha256(tags.strip(data)).hexdigest())
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


def remove_strays(student_id: UUID) -> None:
    """Remove every file that belongs to nobody and shows the student, wherever it lies; by bytes alone.

    Reads all files of students that no row names, and the quarantine. Raises `StorageAway`.
    """
    for alias, key in _loose_files():
        with held(key):
            if not StoredFile.objects.filter(key=key).exists() and _shows(alias, key, student_id):
                _remove(alias, key)


def _loose_files() -> Iterator[Spot]:
    for alias in _aliases():
        aside = Lines()  # all of it is listed before anything goes, and a quarantine may be large
        for file in storage_for(alias).scan(QUARANTINE):
            if not _original_key(file.key).startswith(OF_OTHERS):
                aside.append(file.key)
        yield from ((alias, key) for key in aside)
        yield from ((alias, file.key) for file in orphans(alias) if not file.key.startswith(OF_OTHERS))


def _aliases() -> list[str]:
    """Each place once, and none where nothing was ever kept."""
    return [alias for alias in ("default", "safe") if was_used(alias) and _is_a_place_of_its_own(alias)]


def _is_a_place_of_its_own(alias: str) -> bool:
    return alias == "default" or has_own_safe_place()


def _shows(alias: str, key: str, student_id: UUID) -> bool:
    """By the identity inside; without one by bytes or pixels, unless somebody else has them on record."""
    data = _read(alias, key)
    if data is None:
        return False
    try:
        inside = identity.read(data)
    except InvalidFile:
        inside = None
    if inside is not None:
        return inside.student_id == student_id
    sha256 = hashlib.sha256(data).hexdigest()
    found = erased_of(student_id, [sha256]) or erased_of(student_id, [_pixels(data)])
    return bool(found) and not any(_is_recorded(one) for one in found)


def _is_recorded(sha256: str) -> bool:
    """Whether somebody who is here has this picture: a twin's is not taken away."""
    for model, columns in ((StudentPhoto, SHA256_COLUMNS), (AttendancePhoto, SHA256_COLUMNS[:3])):
        asked = Q(*((column, sha256) for column in columns), _connector=Q.OR)
        if model._default_manager.filter(asked).exists():
            return True
    return False


def _pixels(data: bytes) -> str:
    name = sniff(data)
    if name is None:
        return ""
    try:
        filename = f"stray.{FORMATS[name].extensions[0]}"
        return take_in_image(data, filename=filename, limits=photo_limits()).pixel_sha256
    except (InvalidFile, FileTooLarge):
        return ""


def _read(alias: str, key: str) -> bytes | None:
    try:
        return storage_for(alias).read(key, max_bytes=MAX_STORED_BYTES)
    except (FileMissing, FileTooLarge):
        return None


def _remove(alias: str, key: str) -> None:
    storage_for(alias).remove(key)
    if key.startswith(QUARANTINE):
        operation = key.split("/", 2)[1]
        rows = QuarantinedFile.objects.filter(storage_alias=alias, key=_original_key(key))
        for row in rows:
            if str(row.operation) == operation:
                row.delete()


def _original_key(key: str) -> str:
    return key.split("/", 2)[2] if key.count("/") > 1 else key
