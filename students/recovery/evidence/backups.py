"""What a backup knows of yesterday's students, as the evidence asks it: a relation in SQL over its table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from students.recovery import backups
from students.recovery.evidence.ours import is_our_own

_OWN = """(SELECT student_id, number, name, sha256s, CASE WHEN has_photo THEN id END AS pk
    FROM {table} WHERE NOT is_erased)"""
_ANOTHERS = """(SELECT student_id, NULL::text AS number, name, sha256s, NULL::bigint AS pk
    FROM {table} WHERE NOT is_erased)"""
_NONE = """(SELECT NULL::uuid AS student_id, NULL::text AS number, NULL::text AS name,
    NULL::text[] AS sha256s, NULL::bigint AS pk WHERE false)"""


@dataclass(frozen=True)
class BackupStudents:
    """`relation` has the columns `student_id`, `number`, `name`, `sha256s` and `pk`, the old primary key.

    `created_at` is None where there is no backup, and for one that does not say when it was written.
    """

    relation: str = _NONE
    created_at: datetime | None = None
    is_own: bool = True


def students_in(backup: backups.Backup) -> BackupStudents:
    """The evidence of a backup file.

    One that is not our own may be another school's: there the same integers and numbers are other children,
    so then only UUIDs and sha256s count. Nor does the integer of a student who had no photo say
    whose a file of that name is: it lay there already, of an earlier child.
    """
    is_own = is_our_own(backup)
    relation = (_OWN if is_own else _ANOTHERS).format(table=backup.table.name)
    return BackupStudents(relation, backup.created_at, is_own)
