"""What a backup says of one student."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from photostore.commands import Refused


class InvalidBackup(Refused):
    """The file is not a backup that can be trusted; nothing of it was used."""

    code = "invalid_backup"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUpPhoto:
    """One version of a photo; `replaced_at` is None for what was today's."""

    key: str
    sha256: str
    untagged_sha256: str
    source_sha256: str
    pixel_sha256: str
    dhash: int
    byte_size: int
    content_type: str
    width: int
    height: int
    taken_on: date | None
    origin: str
    original_filename: str
    credit: str
    uploaded_by_id: str
    uploaded_by: str
    uploaded_at: datetime
    replaced_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUpAttendance:
    """One attendance photo; `key` is its version in the history, the documented name follows."""

    date: date
    session: str
    key: str
    sha256: str
    untagged_sha256: str
    source_sha256: str
    byte_size: int
    content_type: str
    width: int
    height: int
    original_filename: str
    uploaded_by_id: str
    uploaded_by: str
    uploaded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUpStudent:
    """One student as the backup knew them.

    A backup of the old kind knows `student_id`, `name` and whether there was a photo (`had_photo`) only.
    """

    student_id: UUID
    name: str
    had_photo: bool
    id: int | None = None
    student_number: str | None = None
    first_name: str = ""
    last_name: str = ""
    grade: str = ""
    class_name: str = ""
    status: str = "active"
    left_on: date | None = None
    former_numbers: tuple[str, ...] = ()
    # The documented name that the student's row gave; the only word of a photo that was never adopted.
    profile_photo: str = ""
    photo_updated_at: datetime | None = None
    photo_removed_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    photos: tuple[BackedUpPhoto, ...] = ()
    attendance: tuple[BackedUpAttendance, ...] = ()

    @property
    def today(self) -> BackedUpPhoto | None:
        """The version that was live when the backup was written."""
        return next((photo for photo in self.photos if photo.replaced_at is None), None)

    @property
    def numbers(self) -> tuple[str, ...]:
        """Today's number and the former ones."""
        return (*([self.student_number] if self.student_number else []), *self.former_numbers)

    @property
    def sha256s(self) -> frozenset[str]:
        """Of every version: as stored, without the identity, and as handed in."""
        return frozenset(
            value
            for photo in self.photos
            for value in (photo.sha256, photo.untagged_sha256, photo.source_sha256)
        )


@dataclass(frozen=True, slots=True)
class Erased:
    """A student who was erased before the backup was written, and what must not come back.

    One for the student (`sha256` empty), and one for every sha256 of theirs.
    """

    student_id: UUID
    sha256: str
    erased_at: datetime
