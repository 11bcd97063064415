"""Who a backup's student is today, under another `student_id`: they are not to be made a second time.

The journal says who became whom in a migration; a number that is taken stands in the way of a second
row; a name only makes a person look.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from uuid import UUID

from django.db import connection

from students.models import Student
from students.recovery.backups import BackedUpStudent, Backup
from students.recovery.evidence.findings import StudentRef
from students.recovery.evidence.lookup import by_name, by_number, ref_of

_JOURNAL = """
DROP TABLE IF EXISTS students_became;
CREATE TEMPORARY TABLE students_became AS
    SELECT DISTINCT substring(details->>'key' FROM '^photos/students/([0-9a-f-]{36})/') AS folder,
        details->>'sha256' AS sha256, (details->>'student_id')::uuid AS student_id
    FROM photostore_operationstep WHERE kind = 'change_photo' AND details->>'how' = 'file' AND state = 'done';
CREATE INDEX ON students_became (folder); CREATE INDEX ON students_became (sha256); ANALYZE students_became
"""
# Stored bytes have their student's identity inside: the same placeholder on many is not the same bytes.
_ASKED = """
SELECT asked.was, became.student_id FROM unnest(%s::text[], %s::text[]) AS asked (was, sha256)
JOIN students_became AS became ON became.sha256 = asked.sha256
UNION SELECT folder::text, student_id FROM students_became WHERE folder = ANY(%s)
"""


@dataclass(frozen=True)
class Today:
    """Who they are now: by the journal, by their number, perhaps by their name."""

    migrated: set[StudentRef] = field(default_factory=set)
    numbered: StudentRef | None = None
    called: set[StudentRef] = field(default_factory=set)

    def sentence(self, who: str, *, by_name: bool) -> str:
        """Why they are not made again; empty where nothing says that they are here."""
        if self.migrated:
            return f"Here under another id: {who} is {_named(self.migrated)} since migrate_orphaned_photos."
        if self.numbered:
            return f"Number taken: {who} is here under another id. See migrate_orphaned_photos."
        if self.called and by_name:
            return (
                f"Perhaps here under another id: {who} has the same name as {_named(self.called)}. "
                "See migrate_orphaned_photos; if it is another student, enter them anew."
            )
        return ""


class Became:
    """Asks for a batch at once; the journal is read once for a run, when first asked."""

    def __init__(self, backup: Backup) -> None:
        self._backup = backup

    def of(self, absent: Sequence[BackedUpStudent]) -> dict[UUID, Today]:
        """Of students whose `student_id` is not here."""
        if not absent:
            return {}
        migrated = self._migrated(absent)
        numbers = by_number([one.student_number for one in absent if one.student_number])
        names = by_name([one.name for one in absent])
        return {
            one.student_id: Today(
                migrated.get(str(one.student_id), set()),
                numbers.get(one.student_number or ""),
                {ref for ref in names.get(one.name, ()) if self._may_be(one, ref)},
            )
            for one in absent
        }

    def _may_be(self, one: BackedUpStudent, ref: StudentRef) -> bool:
        """Of two different numbers one is a namesake's; and so is whom the backup knows as themselves."""
        differ = one.student_number is not None and ref.has_number
        return not differ and self._backup.find(UUID(ref.student_id)) is None

    def _migrated(self, absent: Sequence[BackedUpStudent]) -> dict[str, set[StudentRef]]:
        assert self._journal
        pairs = [(str(one.student_id), photo.sha256) for one in absent for photo in one.photos]
        pairs += [(str(one.student_id), photo.sha256) for one in absent for photo in one.attendance]
        whose, sha256s = [was for was, _ in pairs], [sha256 for _, sha256 in pairs]
        with connection.cursor() as cursor:
            cursor.execute(_ASKED, [whose, sha256s, [str(one.student_id) for one in absent]])
            rows = cursor.fetchall()
        found = Student.objects.filter(student_id__in={today for _, today in rows})
        here = {student.student_id: ref_of(student) for student in found}
        became: dict[str, set[StudentRef]] = defaultdict(set)
        for was, today in rows:
            if today in here:
                became[was].add(here[today])
        return became

    @cached_property
    def _journal(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(_JOURNAL)
        return True


def _named(refs: set[StudentRef]) -> str:
    return " or ".join(map(str, sorted(refs)))
