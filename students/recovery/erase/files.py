"""The erased student's files that no row of theirs names, found by what their bytes say."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from uuid import UUID

from django.db.models import Q

from photostore import tags
from photostore.errors import FileMissing, FileTooLarge, InvalidFile
from photostore.intake import FORMATS, sniff, take_in_image
from photostore.inventory import orphans
from photostore.models import QuarantinedFile, StoredFile
from photostore.references import held
from photostore.storage import storage_for
from students import identity
from students.key_claims import OF_OTHERS
from students.models import SHA256_COLUMNS, AttendancePhoto, Student, StudentPhoto
from students.recovery.evidence.hashes import NumberHashes
from students.recovery.evidence.lookup import by_number_hash
from students.recovery.run_memory import Lines
from students.recovery.unowned import has_own_safe_place, was_used
from students.tombstones import erased_of, erased_students
from students.unadopted import unadopted_bytes
from students.versions import MAX_STORED_BYTES, photo_limits

QUARANTINE = "quarantine/"
Spot = tuple[str, str]


def files_in_folder(student_id: UUID) -> Iterator[bytes]:
    """What lies in the student's folder, live or in quarantine. Raises `StorageAway`."""
    folder = f"photos/students/{student_id}/"
    for alias in _aliases():
        storage = storage_for(alias)
        keys = [file.key for file in storage.scan(folder)]
        keys += [file.key for file in storage.scan(QUARANTINE) if f"/{folder}" in file.key]
        for key in keys:
            data = bytes_at(alias, key)
            if data is not None:
                yield data


def bare_sha256s(student_id: UUID) -> set[str]:
    """Of the photos in the student's folder, without the identity inside."""
    return {_bare_sha256(data) for data in files_in_folder(student_id)} - {""}


def sha256s_of_the_rows_own_file(student_id: UUID) -> set[str]:
    """Of a photo that only the student's row knows, as another system left it: its bytes and its pixels."""
    student = Student.objects.filter(student_id=student_id).first()
    data = unadopted_bytes(student) if student is not None else None
    if data is None:
        return set()
    return {hashlib.sha256(data).hexdigest(), _bare_sha256(data), _pixels(data)} - {""}


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


def remove_strays(student_id: UUID, earlier: Collection[UUID]) -> None:
    """Remove every file that belongs to nobody and shows the student, wherever it lies; by bytes alone.

    `earlier` is as whom the student was here before. Reads all files of students that no row names, and
    the quarantine. Raises `StorageAway`.
    """
    ids, hashes = frozenset({student_id, *earlier}), NumberHashes()
    for alias, key in loose_files():
        with held(key):
            if StoredFile.objects.filter(key=key).exists():
                continue
            data = bytes_at(alias, key)
            if data is not None and _shows((alias, key), data, student_id, ids, hashes):
                _remove(alias, key)
                _remove_thumbnails(data)


def loose_files() -> Iterator[Spot]:
    """Every file of students that no row names, and all of theirs in quarantine."""
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


def _shows(spot: Spot, data: bytes, student_id: UUID, ids: Collection[UUID], hashes: NumberHashes) -> bool:
    """By the identity inside; else by bytes or pixels, unless somebody else has them on record.

    An identity that names nobody who is here may be the student's own from before a reseed.
    """
    inside = identity_in(data)
    if inside is not None:
        if inside.student_id in ids:
            return True
        if _is_here(inside, hashes):
            return False
        if erased_students([inside.student_id]):
            return True
        if _is_kept_for_somebody(spot):
            return False
    sha256s = [hashlib.sha256(data).hexdigest(), _bare_sha256(data)]
    found = erased_of(student_id, sha256s) or erased_of(student_id, [_pixels(data)])
    return bool(found) and not any(_is_recorded(one) for one in found)


def identity_in(data: bytes) -> identity.Identity | None:
    """None for what is no picture, too."""
    try:
        return identity.read(data)
    except InvalidFile:
        return None


def _is_here(inside: identity.Identity, hashes: NumberHashes) -> bool:
    """Whether the identity names somebody who is here, by id or by number."""
    if Student.objects.filter(student_id=inside.student_id).exists():
        return True
    return bool(inside.number_hash and by_number_hash({inside.number_hash}, hashes))


def _is_kept_for_somebody(spot: Spot) -> bool:
    """Whether it was set aside as somebody's own: of a twin who was deleted, and may be brought back."""
    return any(row.owner_label for row in _rows_of(*spot))


def _is_recorded(sha256: str) -> bool:
    """Whether somebody who is here has this picture: a twin's is not taken away."""
    for model, columns in ((StudentPhoto, SHA256_COLUMNS), (AttendancePhoto, SHA256_COLUMNS[:3])):
        asked = Q(*((column, sha256) for column in columns), _connector=Q.OR)
        if model._default_manager.filter(asked).exists():
            return True
    return False


def _bare_sha256(data: bytes) -> str:
    """Without the identity inside; empty for what has none to be taken out, also what is damaged."""
    try:
        return hashlib.sha256(tags.strip(data)).hexdigest()
    except InvalidFile:
        return ""


def _pixels(data: bytes) -> str:
    name = sniff(data)
    if name is None:
        return ""
    try:
        filename = f"stray.{FORMATS[name].extensions[0]}"
        return take_in_image(data, filename=filename, limits=photo_limits()).pixel_sha256
    except (InvalidFile, FileTooLarge):
        return ""


def bytes_at(alias: str, key: str) -> bytes | None:
    """None where there are none, or more than any photo has. Raises `StorageAway`."""
    try:
        return storage_for(alias).read(key, max_bytes=MAX_STORED_BYTES)
    except (FileMissing, FileTooLarge):
        return None


def _remove(alias: str, key: str) -> None:
    storage_for(alias).remove(key)
    for row in _rows_of(alias, key):
        row.delete()


def _remove_thumbnails(data: bytes) -> None:
    """Those of a version from before a reseed, which lie under the id inside."""
    inside, sha256 = identity_in(data), hashlib.sha256(data).hexdigest()
    if inside is not None:
        for file in storage_for("default").scan(f"derived/students/{inside.student_id}/{sha256}_"):
            storage_for("default").remove(file.key)


def _rows_of(alias: str, key: str) -> list[QuarantinedFile]:
    if not key.startswith(QUARANTINE):
        return []
    operation = key.split("/", 2)[1]
    rows = QuarantinedFile.objects.filter(storage_alias=alias, key=_original_key(key))
    return [row for row in rows if str(row.operation) == operation]


def _original_key(key: str) -> str:
    return key.split("/", 2)[2] if key.count("/") > 1 else key
