"""Photos that a row names and that are not adopted yet: kept as a former version before they are replaced.

Until `adopt_media` ran, an existing deployment's photo is known by the student's own row alone. Whatever
replaces it would leave its file without a name, and a clean-up would end it after its time in quarantine.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.core.exceptions import SuspiciousFileOperation
from django.utils import timezone

from photostore.audit import Actor
from photostore.errors import FileMissing, FileTooLarge, InvalidFile
from photostore.models import StoredFile
from photostore.storage import storage_for
from photostore.storage.key_rules import is_key
from students import identity
from students.models import Student, StudentPhoto
from students.tombstones import erased_of
from students.versions import (
    MAX_STORED_BYTES,
    Version,
    incoming_from_storage,
    new_version,
)


def is_unadopted(student: Student) -> bool:
    """Whether the row names a photo of which there is no version."""
    photos = StudentPhoto.objects.of_profile().filter(student=student, sha256=student.photo_sha256)
    return bool(student.profile_photo) and not photos.exists()


def unadopted_version(student: Student, actor: Actor, *, besides: Version | None = None) -> Version | None:
    """What the file that the row names becomes; None where it is gone, no picture, or not theirs to keep."""
    data = unadopted_bytes(student)
    if data is None or _names_another(data, student.student_id):
        return None
    try:
        incoming = incoming_from_storage(data, str(student.profile_photo), StudentPhoto.Origin.IMPORT)
    except (InvalidFile, FileTooLarge):
        return None
    version = new_version(student, incoming, actor)
    photo = version.photo
    known = StudentPhoto.objects.of_profile().filter(student=student, sha256=photo.sha256)
    is_there = known.exists() or bool(besides and besides.photo.sha256 == photo.sha256)
    if is_there or erased_of(student.student_id, [photo.untagged_sha256, photo.source_sha256]):
        return None
    photo.uploaded_at, photo.replaced_at = student.photo_updated_at or timezone.now(), timezone.now()
    return Version(photo, replace(version.file_set, exports=()))


def unadopted_bytes(student: Student) -> bytes | None:
    """Of the file that the row names, unless the register knows its owner. Raises
    `StorageUnavailable`.
    """
    key = str(student.profile_photo)
    if not is_key(key) or StoredFile.objects.filter(key=key).exists():
        return None
    try:
        return storage_for().read(key, max_bytes=MAX_STORED_BYTES)
    except (FileMissing, FileTooLarge, SuspiciousFileOperation):
        return None


def _names_another(data: bytes, student_id: UUID) -> bool:
    try:
        inside = identity.read(data)
    except InvalidFile:
        return False
    return inside is not None and inside.student_id != student_id
