"""What is left of a student who is gone: in backups, in quarantine, in the audit."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from django.conf import settings

from photostore.errors import CommandRefused
from photostore.models import AuditEntry, PendingRemoval, QuarantinedFile
from photostore.storage import storage_for
from students.identity import number_hashes
from students.models import OWNER_LABEL, SHA256_COLUMNS, Student
from students.recovery.backups import newest_valid
from students.recovery.erase.backups import mentions
from students.recovery.named_student import criterion_of, is_called
from students.recovery.reassign.deleted_students import versions_set_aside
from students.recovery.unowned import read_unowned_files


def backups_that_remain(student_id: UUID) -> list[str]:
    """The dated backups that still name the student."""
    folder: Path = settings.PHOTO_BACKUP_DIR
    return sorted(path.name for path in folder.glob("*.json") if mentions(path, [str(student_id).encode()]))


def recorded_in_backup(student_id: UUID) -> set[str]:
    """The sha256s, pixels included, that the newest valid backup has of the student; more than is left."""
    backup = newest_valid(settings.PHOTO_BACKUP_DIR).backup
    one = backup.find(student_id) if backup else None
    if one is None:
        return set()
    pixels = {photo.pixel_sha256 for photo in one.photos}
    attendance = {getattr(photo, name) for photo in one.attendance for name in SHA256_COLUMNS[:3]}
    return set(one.sha256s) | pixels | attendance


def gone_student(text: str) -> tuple[UUID, int] | None:
    """Who STUDENT was, of a deleted student; and their integer, 0 where it is unknown.

    A UUID is believed where anything names it. A number is looked for in the newest valid backup, and inside
    the photos that lie in quarantine. Raises `CommandRefused` where several had it.
    """
    criterion = criterion_of(text)
    if "student_id" in criterion:
        student_id = UUID(str(criterion["student_id"]))
        return (student_id, _pk_of(student_id)) if _is_named(student_id) else None
    if "student_number" not in criterion:
        return None
    found = _in_backup(text) | _in_quarantine(str(criterion["student_number"]))
    found -= set(Student.objects.filter(student_id__in=found).values_list("student_id", flat=True))
    if len(found) > 1:
        several = ", ".join(sorted(map(str, found)))
        raise CommandRefused(f"Several who were deleted had {text}: {several}. Give the UUID.")
    return next(((one, _pk_of(one)) for one in found), None)


def _is_named(student_id: UUID) -> bool:
    folder = f"photos/students/{student_id}/"
    if AuditEntry.objects.filter(subject__startswith=f"student {student_id}").exists():
        return True
    if any(
        model.objects.filter(key__startswith=folder).exists() for model in (QuarantinedFile, PendingRemoval)
    ):
        return True
    return any(True for _file in storage_for().scan(folder)) or bool(recorded_in_backup(student_id))


def _in_backup(text: str) -> set[UUID]:
    backup = newest_valid(settings.PHOTO_BACKUP_DIR).backup
    return {one.student_id for one in backup.students() if is_called(one, text)} if backup else set()


def _in_quarantine(number: str) -> set[UUID]:
    hashes = number_hashes(number)
    unowned_files = read_unowned_files(versions_set_aside())
    return {one.named_student for one in unowned_files if one.named_student and one.number_hash in hashes}


def _pk_of(student_id: UUID) -> int:
    """As whose owner the quarantine knows the folder."""
    rows = QuarantinedFile.objects.filter(
        owner_label=OWNER_LABEL, key__startswith=f"photos/students/{student_id}/"
    )
    return int(rows.values_list("owner_id", flat=True).first() or 0)
