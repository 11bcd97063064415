"""The backup's entry behind a step: at hand during a run, else read again from the file."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from photostore import keys
from photostore.errors import Changed
from photostore.models import OperationStep
from students.models import Student, StudentPhoto
from students.recovery.backups import (
    NO_BACKUP,
    BackedUpAttendance,
    BackedUpPhoto,
    BackedUpStudent,
    Backup,
    InvalidBackup,
    file_version,
    open_backup,
)
from students.slots import half_day
from students.versions import EXTENSIONS

# Journals hold no names, so a step names the file and the student; what else it needs is read from there.
_at_hand: dict[tuple[str, UUID], BackedUpStudent] = {}
# An undo asks for thousands: the file is read once for all of them, also where it is of no use (None).
_read: dict[tuple[Path, tuple[int, ...]], Backup | None] = {}


def offer(path: str, entry: BackedUpStudent) -> None:
    """Keep one entry at hand for the steps that follow."""
    _at_hand.clear()
    _at_hand[path, entry.student_id] = entry


def entry_of(step: OperationStep) -> BackedUpStudent:
    """The entry that the step was planned from. Raises `Changed` when the backup is no longer there."""
    path, student_id = step.details["backup"], UUID(step.details["student_id"])
    known = _at_hand.get((path, student_id))
    if known is not None:
        return known
    if not path:
        return of_the_database(Student.objects.get(student_id=student_id))
    try:
        backup = _backup_at(Path(path))
        entry = backup.find(student_id) if backup.sha256 == step.details["backup_sha256"] else None
    except InvalidBackup:
        entry = None
    if entry is None:
        raise Changed(_("The backup for this operation no longer exists."))
    return entry


def _backup_at(path: Path) -> Backup:
    """Read at most once while the steps are of one backup, and anew where its table or its file is
    another.
    """
    asked = path, file_version(path)
    known = _read.get(asked)
    if asked not in _read or (known and not known.table.still_stands()):
        for backup in filter(None, _read.values()):
            backup.forget()
        _read.clear()
        _read[asked] = known = _opened(path)
    if known is None:
        raise InvalidBackup(NO_BACKUP)
    return known


def _opened(path: Path) -> Backup | None:
    try:
        return open_backup(path)
    except InvalidBackup:
        return None


def of_the_database(student: Student) -> BackedUpStudent:
    """What the rows of photos still say of a student, in a backup's words: it heals links without one."""
    return BackedUpStudent(
        student_id=student.student_id,
        id=student.pk,
        name=student.name,
        had_photo=bool(student.profile_photo),
        photo_updated_at=student.photo_updated_at,
        photos=tuple(_photo(row) for row in student.profile_versions),
        attendance=tuple(_attendance(student, row) for row in student.attendance_photos),
    )


def _photo(row: StudentPhoto) -> BackedUpPhoto:
    values = {name: getattr(row, name) for name in PHOTO_COLUMNS}
    return BackedUpPhoto(key=str(row.file.name), byte_size=0, **values)


def _attendance(student: Student, row: StudentPhoto) -> BackedUpAttendance:
    values = {name: getattr(row, name) for name in PHOTO_COLUMNS if name != "replaced_at"}
    key = keys.student_version(student.student_id, row.sha256, EXTENSIONS[row.content_type])
    date, session = half_day(row.slot)
    return BackedUpAttendance(key=key, byte_size=0, date=date, session=session, **values)


PHOTO_COLUMNS = tuple(name for name in BackedUpPhoto.__dataclass_fields__ if name not in ("key", "byte_size"))
