"""Which links of one student are gone, and what may stand in their place. Looks, and changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from photostore.errors import InvalidFile
from photostore.models import StoredFile
from photostore.references.others import refs_named_by_others
from students import identity
from students.models import Student, StudentPhoto
from students.recovery.backups import BackedUpAttendance, BackedUpPhoto, BackedUpStudent
from students.recovery.change.entries import of_the_database
from students.recovery.change.files import AnyFileRef, is_of_type, right_bytes
from students.recovery.restore.finding import StorageContents
from students.recovery.restore.restore_plan import RestorePlan, refs_with
from students.recovery.restore.spliced import Lost, numbers_of
from students.recovery.storages import FileRef
from students.slots import PROFILE, moment_in
from students.tombstones import erased_of
from students.versions import EXTENSIONS, exports_of, owner_of

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
        return {"backup": self.path, "backup_sha256": self.sha256}


@dataclass(frozen=True, kw_only=True)
class LinkPlanner:
    """One student here, what the source says of them, and what lies in storage.

    `files` are the register's rows of theirs; `removed_since`, what people removed on purpose since.
    """

    student: Student
    entry: BackedUpStudent
    source: Source
    found: StorageContents
    files: list[StoredFile]
    removed_since: set[str]
    plan: RestorePlan

    @property
    def rows(self) -> dict[str, StudentPhoto]:
        """The versions that the database knows."""
        return {row.sha256: row for row in self.student.profile_versions}

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
            item
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
        if "photo.remove" in self.removed_since or self.entry.today.sha256 in rows:
            self.plan.notes.append(REMOVED)
            return ""
        return self.entry.today.sha256

    def _version(self, photo: AnyPhoto) -> dict[str, Any] | None:
        own = [("default", photo.key), *_exports(self.student, photo)]
        sources: list[AnyFileRef] = [*refs_with(photo.sha256, own, self.found)]
        if not sources:
            numbers = numbers_of(self.student, self.entry.numbers)
            lost = Lost(
                photo.sha256, photo.untagged_sha256, self.student.student_id, numbers, moment_in(photo.slot)
            )
            sources = lost.sources(own, self.found)
        if not sources:
            self.plan.missing.append(photo.sha256)
            return None
        note = self._why_not(photo, sources, own)
        if note:
            self.plan.notes.append(f"{note}, and is left for a person")
            return None
        return {"sha256": photo.sha256, "key": photo.key, "sources": sources}

    def _why_not(self, photo: AnyPhoto, sources: list[AnyFileRef], own: list[FileRef]) -> str:
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
            theirs = inside.student_id == self.student.student_id and inside.attendance == moment_in(
                photo.slot
            )
        return "" if theirs else "a photo names another student, or another half-day"

    def _plan_relink(self, today: str, versions: list[dict[str, Any]]) -> None:
        photos = {photo.sha256: photo for photo in self.entry.photos}
        exports = _exports(self.student, photos[today]) if today else []
        if refs_named_by_others(exports, owner_of(self.student)):
            self.plan.notes.append(
                "another student's photo lies under the name of the current one; see adopt_media"
            )
            return
        at = self.entry.photo_updated_at or (photos[today].uploaded_at if today else None)
        versions.sort(key=lambda item: item["sha256"] == today)  # the last one becomes current
        details = {
            "slot": PROFILE,
            "live": bool(today),
            "expected_sha256": self.student.photo_sha256,
            "action": "photo.relink",
            "photo_updated_at": at.isoformat() if at else None,
            "versions": versions,
        }
        self.plan.links.append(("change_photo", self._whose() | details))

    def plan_attendance(self) -> None:
        """Attendance photos whose row is gone, except those that were deleted on purpose; and those whose
        row is here while the register has forgotten them. What the row says beats the backup.
        """
        rows = self.student.attendance_photos
        there = {row.slot for row in rows}
        self._relink([photo for photo in self.entry.attendance if photo.slot not in there])
        # By whichever of their half-days: the same bytes are one file.
        forgotten = {row.sha256 for row in rows if row.sha256 not in self.originals}
        if forgotten:
            own = replace(self, source=Source(), entry=of_the_database(self.student), removed_since=set())
            own._relink([one for one in own.entry.attendance if one.sha256 in forgotten])

    def _relink(self, photos: list[BackedUpAttendance]) -> None:
        erased = erased_of(self.student.student_id, (photo.sha256 for photo in photos)) if photos else set()
        here = {row.slot: row.sha256 for row in self.student.attendance_photos}
        for photo in photos:
            if photo.sha256 in erased or photo.slot in self.removed_since:
                continue
            version = self._version(photo)
            if version:
                details = {
                    "slot": photo.slot,
                    "live": True,
                    "expected_sha256": here.get(photo.slot, ""),
                    "action": "attendance.relink",
                    "versions": [version],
                }
                self.plan.links.append(("change_photo", self._whose() | details))

    def _whose(self) -> dict[str, Any]:
        student = {"student": self.student.pk, "student_id": str(self.student.student_id)}
        return self.source.details | student | {"how": "backup"}


def _exports(student: Student, photo: AnyPhoto) -> list[FileRef]:
    return exports_of(student, photo.slot, EXTENSIONS[photo.content_type])
