"""Which keys and backups are this school's own, and whose numbers therefore count.

Numbers are a school's own: another school has an S-001 too. `PHOTO_IDENTITY_KEYS` may hold keys of more than
one school, so that a key verifies says only that the identity is not forged. The rule:

- The newest key signs, and is this school's own. An identity made with it counts in full.
- An identity made with an older key counts in full where the `student_id` inside is, or was, a student of
  this school: by a row, by the audit, by a tombstone, or by a backup of our own. Else its number only
  proposes, and no flag accepts that.
- A backup is our own where the newest key sealed it, where an older one did and a student in it is or was
  here, or where a person vouches for it. Of any other, ids and numbers count as nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice
from uuid import UUID

from photostore.models import AuditEntry
from students.models import Student
from students.recovery.backups import Backup, InvalidBackup
from students.tombstones import erased_students

BATCH = 500


def were_here(student_ids: Collection[UUID]) -> set[UUID]:
    """Who of these is, or was, a student of this school."""
    found = set(Student.objects.filter(student_id__in=student_ids).values_list("student_id", flat=True))
    subjects = {f"student {one}": one for one in student_ids}
    audited = AuditEntry.objects.filter(subject__in=subjects, outcome=AuditEntry.Outcome.DONE)
    found |= {subjects[subject] for subject in audited.values_list("subject", flat=True).distinct()}
    return found | erased_students(student_ids)


def is_our_own(backup: Backup) -> bool:
    """Whether what it says of numbers and ids is said of this school."""
    if backup.trusted or backup.sealed_by_newest_key:
        return True
    if not backup.sealed:
        return False
    students = backup.students()
    while batch := list(islice(students, BATCH)):
        if were_here([one.student_id for one in batch]):
            return True
    return False


def refuse_not_our_own(backup: Backup) -> None:
    """Raises `InvalidBackup`; for choosing, where one of our own is to be preferred."""
    if not is_our_own(backup):
        raise InvalidBackup("Nothing says that it is this school's own.", code="not_our_own")
