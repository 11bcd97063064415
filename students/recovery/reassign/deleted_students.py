"""What a deleted student left: every version of their photos, set aside in quarantine for 30 days."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from photostore import keys
from photostore.models import AuditEntry, QuarantinedFile
from photostore.operations import OperationRunner
from photostore.storage import storage_for
from students.key_claims import FOLDERS, claim_of
from students.matching import State
from students.models import Student, StudentPhoto
from students.recovery.evidence.findings import Finding
from students.recovery.evidence.lookup import ref_of
from students.recovery.evidence.plan import findings
from students.recovery.reassign.transfers import Done, carry_out, transfer_of
from students.recovery.unowned import BATCH, Location, read_unowned_files
from students.slots import PROFILE

LastDay = tuple[str, datetime]
"""The sha256 of the photo, and the moment of the deletion."""


def versions_set_aside(student_id: UUID | None = None) -> Iterator[Location]:
    """The versions in quarantine of one student, or of all who are not here; as unowned files, with their own
    keys.

    Streams. Raises `StorageUnavailable`.
    """
    wanted = f"{FOLDERS}{student_id}/history/" if student_id else FOLDERS
    rows = QuarantinedFile.objects.filter(key__startswith=wanted, key__contains="/history/")
    remaining = rows.order_by("pk").iterator(chunk_size=BATCH)
    while batch := list(islice(remaining, BATCH)):
        folders = {folder for row in batch if (folder := claim_of(row.key).folder)}
        last_days = _last_days(folders)
        here = set(Student.objects.filter(student_id__in=folders).values_list("student_id", flat=True))
        for row in batch:
            folder = claim_of(row.key).folder
            if folder is None or (folder in here and folder != student_id):
                continue
            stored_at = keys.quarantined(row.operation, row.key)
            found = storage_for(row.storage_alias).stat(stored_at)
            if found is not None:
                at = _as_old_as_it_was(row, found.modified_at, last_days.get(folder))
                yield Location(row.storage_alias, row.key, stored_at, found.byte_size, at, deleted=True)


def _as_old_as_it_was(row: QuarantinedFile, at: datetime, last_day: LastDay | None) -> datetime:
    """A bucket dates files by their move into quarantine; the photo of the last day is the newest."""
    if last_day is None:
        return at
    sha256, deleted_at = last_day
    return max(at, deleted_at) + timedelta(seconds=1) if row.sha256 == sha256 else min(at, deleted_at)


def bring_versions_back(student: Student, runner: OperationRunner) -> list[Done]:
    """Give a student who is here again what the backup did not know; the photo of the last day is today's.

    Only what names them inside: these are the bytes that we kept for this very student.
    """
    found = findings(read_unowned_files(versions_set_aside(student.student_id)))
    theirs = [one for one in found if one.verdict.state == State.CERTAIN and _is_of(student, one)]
    last, _at = _last_days([student.student_id]).get(student.student_id, (None, None))
    former = transfer_of(ref_of(student), tuple(one for one in theirs if one.unowned_file.sha256 != last))
    if last is not None:  # else it is unknown which one it was, and the newest is taken
        assignments = (replace(one, live=one.live and one.slot != PROFILE) for one in former.assignments)
        former = replace(former, assignments=tuple(assignments))
    (done,) = carry_out([former], runner, origin=StudentPhoto.Origin.RESTORE)
    todays = tuple(one for one in theirs if one.unowned_file.sha256 == last)
    transfer = transfer_of(ref_of(student), todays, replace=True)
    return [*done, *carry_out([transfer], runner, origin=StudentPhoto.Origin.RESTORE)[0]]


def _is_of(student: Student, finding: Finding) -> bool:
    return finding.unowned_file.named_student == student.student_id and finding.verdict.student == ref_of(
        student
    )


def _last_days(student_ids: Iterable[UUID]) -> dict[UUID, LastDay]:
    """The photo that each had when they were deleted, empty for none, and when that was; by the audit."""
    subjects = {f"student {student_id}": student_id for student_id in student_ids}
    deleted = AuditEntry.objects.filter(action="student.delete", outcome="done", subject__in=subjects)
    rows = deleted.order_by("at", "pk").values_list("subject", "old_sha256", "at")
    return {subjects[subject]: (sha256, at) for subject, sha256, at in rows}
