"""What a backup says of one student: the types say what is believed, msgspec holds the file to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from photostore.errors import CommandRefused
from students.models import AttendancePhoto, Student, StudentPhoto
from students.slots import PROFILE, slot_of
from students.versions import EXTENSIONS

# No student has ten thousand photos; a list that claims it is an attack.
MOST_OF_ONE_STUDENT = 10_000
# The sequence of ids is moved beyond the ids of students who are made again. A file that claims the last one
# there is would leave no id for anybody; a million students a second take thirty years to get this far.
LARGEST_ID = 10**15


class InvalidBackup(CommandRefused):
    """The file is not a backup that can be trusted; nothing of it was used."""

    code = "invalid_backup"


def text(longest: int, *, shortest: int = 0) -> Meta:
    return Meta(min_length=shortest, max_length=longest, pattern=r"\A[^\x00\ud800-\udfff]*\Z")


def one_of(words: list[str]) -> Meta:
    return Meta(pattern=rf"\A(?:{'|'.join(words)})\Z")


Sha256 = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Moment = Annotated[datetime, Meta(tz=True)]
Day = date
ByteSize = Annotated[int, Meta(ge=1, le=2**63 - 1)]
Side = Annotated[int, Meta(ge=1, le=2**31 - 1)]
ContentType = Annotated[str, one_of(list(EXTENSIONS))]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUpVersion:
    """What profile and attendance photos have in common; `key` is the version in the history."""

    key: Annotated[str, text(1024)]
    sha256: Sha256
    untagged_sha256: Sha256
    source_sha256: Sha256
    byte_size: ByteSize
    content_type: ContentType
    width: Side
    height: Side
    original_filename: Annotated[str, text(255)]
    uploaded_by_id: Annotated[str, text(64)]
    uploaded_by: Annotated[str, text(200)]
    uploaded_at: Moment

    @property
    def slot(self) -> str:
        return PROFILE


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUpPhoto(BackedUpVersion):
    """One version of a photo; `replaced_at` is None for what was today's."""

    pixel_sha256: Annotated[str, Meta(pattern=r"\A(?:[0-9a-f]{64})?\Z")]
    dhash: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
    taken_on: date | None
    origin: Annotated[str, one_of(StudentPhoto.Origin.values)]
    credit: Annotated[str, text(200)]
    replaced_at: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUpAttendance(BackedUpVersion):
    date: date
    session: Annotated[str, one_of(AttendancePhoto.Session.values)]
    pixel_sha256: Annotated[str, Meta(pattern=r"\A(?:[0-9a-f]{64})?\Z")] = ""
    dhash: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] = 0
    taken_on: Day | None = None
    origin: Annotated[str, one_of(StudentPhoto.Origin.values)] = "restore"
    credit: Annotated[str, text(200)] = ""

    @property
    def slot(self) -> str:
        return slot_of(self.date, self.session)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUpStudent:
    """One student as the backup knew them.

    A backup of the old kind knows `student_id`, `name` and whether there was a photo (`had_photo`) for sure,
    the rest perhaps.
    """

    student_id: UUID
    name: Annotated[str, text(200, shortest=1)]
    had_photo: bool = False
    id: Annotated[int, Meta(ge=1, le=LARGEST_ID)] | None = None
    student_number: Annotated[str, text(64, shortest=1)] | None = None
    first_name: Annotated[str, text(100)] = ""
    last_name: Annotated[str, text(100)] = ""
    grade: Annotated[str, text(32)] = ""
    class_name: Annotated[str, text(64)] = ""
    status: Annotated[str, one_of(Student.Status.values)] = "active"
    left_on: date | None = None
    former_numbers: Annotated[tuple[Annotated[str, text(64)], ...], Meta(max_length=MOST_OF_ONE_STUDENT)] = ()
    # The documented name that the student's row gave; the only word of a photo that was never adopted.
    profile_photo: Annotated[str, text(1024)] = ""
    photo_updated_at: Moment | None = None
    photo_removed_at: Moment | None = None
    created_at: Moment | None = None
    updated_at: Moment | None = None
    photos: Annotated[tuple[BackedUpPhoto, ...], Meta(max_length=MOST_OF_ONE_STUDENT)] = ()
    attendance: Annotated[tuple[BackedUpAttendance, ...], Meta(max_length=MOST_OF_ONE_STUDENT)] = ()

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
        return _sha256s_of(self.photos)

    @property
    def every_sha256(self) -> frozenset[str]:
        """The same, with those of the attendance photos."""
        return _sha256s_of((*self.photos, *self.attendance))


def _sha256s_of(versions: tuple[BackedUpVersion, ...]) -> frozenset[str]:
    return frozenset(
        value for photo in versions for value in (photo.sha256, photo.untagged_sha256, photo.source_sha256)
    )


@dataclass(frozen=True, slots=True)
class Erased:
    """A student who was erased before the backup was written, and what must not come back.

    One for the student (`sha256` empty), and one for every sha256 of theirs.
    """

    student_id: UUID
    sha256: Annotated[str, Meta(pattern=r"\A(?:[0-9a-f]{64})?\Z")]
    erased_at: Moment


@dataclass(frozen=True, slots=True)
class OddEntry:
    """An entry that is passed over: its place, counted from 1, what it calls itself, and why."""

    place: int
    called: str
    why: str

    def __str__(self) -> str:
        return f"entry {self.place}{f' ({self.called})' if self.called else ''}: {self.why}"


def problem_of(student: BackedUpStudent) -> str:
    """What no type says and the database's own constraints would refuse; empty where all is well."""
    folder = f"photos/students/{student.student_id}/history/"
    versions: tuple[BackedUpVersion, ...] = (*student.photos, *student.attendance)
    for photo in versions:
        # The key follows from sha256 and type; one that says otherwise is an attack.
        if photo.key != f"{folder}{photo.sha256}.{EXTENSIONS[photo.content_type]}":
            return f"a photo has {ascii(photo.key)[:80]} as key"
    sha256s = {photo.sha256 for photo in student.photos}
    sessions = {(photo.date, photo.session) for photo in student.attendance}
    today = sum(photo.replaced_at is None for photo in student.photos)
    if len(sha256s) < len(student.photos) or len(sessions) < len(student.attendance) or today > 1:
        return "the same photo is there twice"
    return ""
