"""What people took away after a backup was written: no restore brings it back unasked."""

from __future__ import annotations

from uuid import UUID

from photostore.models import AuditEntry
from students.recovery.backups import BackedUpStudent, Backup
from students.tombstones import erased_pictures

# Who was deleted by mistake and brought back was not deleted after all, until that is undone.
SWAPPED = {
    "student.revive": ("student.delete", "student.revive"),
    "student.unrevive": ("student.revive", "student.delete"),
}
REMOVED_SINCE = ("photo.remove", "attendance.delete", "student.delete", "student.erase")


def removed_since(backup: Backup, batch: list[BackedUpStudent]) -> dict[UUID, set[str]]:
    """What people took away after the backup was written: actions, and half-days of attendance."""
    subjects = {f"student {entry.student_id}": entry.student_id for entry in batch}
    moments = {
        f"student {entry.student_id} {photo.slot}": entry.student_id
        for entry in batch
        for photo in entry.attendance
    }
    rows = AuditEntry.objects.filter(
        action__in=[*REMOVED_SINCE, *SWAPPED], outcome="done", subject__in=[*subjects, *moments]
    )
    if backup.created_at:
        rows = rows.filter(at__gte=backup.created_at)
    found: dict[UUID, set[str]] = {}
    for action, subject in rows.order_by("at", "pk").values_list("action", "subject"):
        student_id = subjects.get(subject) or moments[subject]
        taken = found.setdefault(student_id, set())
        if action in SWAPPED:
            before, after = SWAPPED[action]
            if before in taken:
                taken.remove(before)
                taken.add(after)
        else:
            taken.update({action, subject.rpartition(" ")[2]})
    return found


def perhaps_erased(backup: Backup, absent: list[BackedUpStudent]) -> set[UUID]:
    """Who is not here and has a picture that was erased of a student after the backup was written.

    Perhaps under another id: after a reseed everybody has one. A person has to say.
    """
    erased = erased_pictures({sha256 for entry in absent for sha256 in entry.sha256s})
    if backup.created_at:
        at = backup.created_at
        erased = {sha256: who for sha256, who in erased.items() if max(who.values()) >= at}
    return {
        entry.student_id
        for entry in absent
        if any(entry.student_id not in erased.get(one, {entry.student_id}) for one in entry.sha256s)
    }
