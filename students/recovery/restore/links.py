"""Which links of one student are gone, and what may stand in their place. Looks, and changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from photostore import keys
from photostore.errors import InvalidFile
from photostore.models import StoredFile
from photostore.references.others import named_for_others
from students import identity
from students.attendance import moment
from students.models import ATTENDANCE_LABEL, Student, StudentPhoto
from students.recovery.backups import BackedUpAttendance, BackedUpPhoto, BackedUpStudent
from students.recovery.legacy.spots import AnySpot, is_of_type, others_at, right_bytes
from students.recovery.restore.entries import of_the_database
from students.recovery.restore.finding import Found, first_right
from students.recovery.restore.needs import Needs, spots_with
from students.recovery.restore.spliced import Lost, numbers_of
from students.recovery.storages import Spot
from students.tombstones import erased_of
from students.versions import EXTENSIONS, owner_of

AnyPhoto = BackedUpPhoto | BackedUpAttendance
REMOVED = "the photo was removed since, and is not brought back"


@dataclass(frozen=True)
class Source:
    """The backup that links come from: an empty path stands for the database's own rows of photos."""

    path: str = ""
    sha256: str = ""
    sealed: bool = True

    @property
    def details(self) -> dict[str, str]:
        """As acts name it."""
        return {"backup": self.path, "backup_sha256": self.sha256}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One student here, what the source says of them, and what lies in storage.

    `files` are the register's rows of theirs; `taken_away`, what people removed on purpose since.
    """

    student: Student
    entry: BackedUpStudent
    source: Source
    found: Found
    files: list[StoredFile]
    taken_away: set[str]
    needs: Needs

    @property
    def rows(self) -> dict[str, StudentPhoto]:
        """The versions that the database knows."""
        return {row.sha256: row for row in self.student.photos.all()}

    @property
    def originals(self) -> dict[str, StoredFile]:
        """The versions that the register knows."""
        return {file.sha256: file for file in self.files if file.kind == StoredFile.Kind.ORIGINAL}

    def plan_links(self) -> None:
        """Versions and today's photo that the rows lack. What the rows still say beats the backup."""
        rows, originals, today = self.rows, self.originals, self._today()
        wanted = [
            photo
            for photo in self.entry.photos
            if photo.sha256 not in rows or photo.sha256 not in originals or photo.sha256 == today
        ]
        erased = erased_of(self.student.student_id, self.entry.sha256s) if wanted else set()
        versions = [
            item | {"has_row": photo.sha256 in rows, "registered": photo.sha256 in originals}
            for photo in wanted
            if not erased & {photo.sha256, photo.untagged_sha256, photo.source_sha256}
            and (item := self._version(photo))
        ]
        if versions:
            self._plan_relink(today if today in {item["sha256"] for item in versions} else "", versions)

    def _today(self) -> str:
        """The sha256 that is to go live; empty where a photo is live, or was taken away."""
        sha256, rows, originals = self.student.photo_sha256, self.rows, self.originals
        if sha256:
            whole = sha256 in rows and sha256 in originals and originals[sha256].live
            return "" if whole or sha256 not in {photo.sha256 for photo in self.entry.photos} else sha256
        standing = next((row.sha256 for row in rows.values() if row.replaced_at is None), "")
        if standing or self.entry.today is None:
            return standing
        # Versions of which none is today's are the database's own word that the photo was taken away.
        if "photo.remove" in self.taken_away or self.entry.today.sha256 in rows:
            self.needs.notes.append(REMOVED)
            return ""
        return self.entry.today.sha256

    def _version(self, photo: AnyPhoto) -> dict[str, Any] | None:
        own = [("default", photo.key), *_documented(self.student, photo)]
        sources: list[AnySpot] = [*spots_with(photo.sha256, own, self.found)]
        if not sources:
            numbers = numbers_of(self.student, self.entry.numbers)
            lost = Lost(photo.sha256, photo.untagged_sha256, self.student.student_id, numbers, _moment(photo))
            sources = lost.sources(own, self.found)
        if not sources:
            self.needs.missing.append(photo.sha256)
            return None
        note = self._why_not(photo, sources, own)
        if note:
            self.needs.notes.append(f"{note}, and is left for a person")
            return None
        was_there = first_right([("default", photo.key)], photo.sha256) is not None
        return {"sha256": photo.sha256, "key": photo.key, "sources": sources, "was_there": was_there}

    def _why_not(self, photo: AnyPhoto, sources: list[AnySpot], own: list[Spot]) -> str:
        """Empty where it may be theirs. The identity inside decides. Without one, a backup that we sealed is
        believed, and so is a photo that lies in the student's own folder; what anybody may have written is
        not."""
        data = right_bytes(sources, photo.sha256)
        if data is None:
            return "a photo cannot be read"
        if not is_of_type(data, photo.content_type):
            return "a photo is not the picture that the backup says it is"
        try:
            inside = identity.read(data)
        except InvalidFile:
            return "a photo is damaged"
        if inside is None:
            theirs = self.source.sealed or sources[0] in own
        else:
            theirs = inside.student_id == self.student.student_id and inside.attendance == _moment(photo)
        return "" if theirs else "a photo names another student, or another half-day"

    def _plan_relink(self, today: str, versions: list[dict[str, Any]]) -> None:
        photos = {photo.sha256: photo for photo in self.entry.photos}
        copies = _documented(self.student, photos[today]) if today else []
        if named_for_others(copies, owner_of(self.student)):
            self.needs.notes.append("somebody else's photo lies under the name of today's; see adopt_media")
            return
        kept, aside = others_at(copies, today)
        updated_at, entry_updated_at = self.student.photo_updated_at, self.entry.photo_updated_at
        details = {
            "today": today,
            "photo_updated_at": entry_updated_at.isoformat() if entry_updated_at else None,
            "copies": copies,
            "kept": kept,
            "aside": aside,
            "registered": [file.key for file in self.files if file.kind == StoredFile.Kind.COPY],
            "versions": versions,
            "before": {
                "profile_photo": self.student.profile_photo.name or "",
                "photo_sha256": self.student.photo_sha256,
                "photo_updated_at": updated_at.isoformat() if updated_at else None,
            },
        }
        self.needs.links.append(("relink_photos", self._whose() | details))

    def plan_attendance(self) -> None:
        """Attendance photos whose row is gone, except those that were deleted on purpose; and those whose
        row is here while the register has forgotten them. What the row says beats the backup.
        """
        rows = self.student.attendance_photos.all()
        there = {(row.date, row.session) for row in rows}
        self._relink([photo for photo in self.entry.attendance if (photo.date, photo.session) not in there])
        originals = (file for file in self.files if file.kind == StoredFile.Kind.ORIGINAL)
        # By whichever of their half-days: the same bytes are one file.
        known = {file.sha256 for file in originals if file.owner_label == ATTENDANCE_LABEL}
        forgotten = {row.sha256 for row in rows if row.sha256 not in known}
        if forgotten:
            own = replace(self, source=Source(), entry=of_the_database(self.student), taken_away=set())
            own._relink([one for one in own.entry.attendance if one.sha256 in forgotten], has_row=True)

    def _relink(self, photos: list[BackedUpAttendance], *, has_row: bool = False) -> None:
        erased = erased_of(self.student.student_id, (photo.sha256 for photo in photos)) if photos else set()
        for photo in photos:
            if photo.sha256 in erased or _moment(photo) in self.taken_away:
                continue
            version = self._version(photo)
            if version:
                kept, aside = others_at(_documented(self.student, photo), photo.sha256)
                details = self._whose() | {"moment": _moment(photo), "has_row": has_row} | version
                details |= {"kept": kept, "aside": aside}
                self.needs.links.append(("relink_attendance", details))

    def _whose(self) -> dict[str, Any]:
        student = {"student": self.student.pk, "student_id": str(self.student.student_id)}
        return self.source.details | student


def _moment(photo: AnyPhoto) -> str:
    """As an identity names the half-day; empty for a profile photo."""
    return moment(photo.date, photo.session) if isinstance(photo, BackedUpAttendance) else ""


def _documented(student: Student, photo: AnyPhoto) -> list[Spot]:
    if isinstance(photo, BackedUpAttendance):
        return [("default", keys.student_attendance(student.student_id, photo.date, photo.session))]
    extension = EXTENSIONS[photo.content_type]
    return [
        ("default", keys.student_documented(student.pk, extension)),
        ("safe", keys.student_safe(student.student_id)),
    ]
