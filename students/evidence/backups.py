"""What a backup knows of yesterday's students, as the evidence needs it. Whoever reads backups fills it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from students import backups


@dataclass(frozen=True, slots=True)
class BackedUpStudent:
    """One student of a backup. `sha256s`: every photo recorded there; stored, untagged or as handed in."""

    student_id: UUID
    pk: int | None = None
    number: str = ""
    name: str = ""
    sha256s: frozenset[str] = frozenset()
    todays_sha256: str = ""


class BackupStudents:
    """A backup's students by old primary key, by `student_id` and by the photos' sha256s."""

    def __init__(self, students: Iterable[BackedUpStudent] = ()) -> None:
        self._by_id: dict[UUID, BackedUpStudent] = {}
        self._by_pk: dict[int, BackedUpStudent] = {}
        self._by_sha256: dict[str, list[BackedUpStudent]] = {}
        self._names: Counter[str] = Counter()
        for student in students:
            self._add(student)

    def _add(self, student: BackedUpStudent) -> None:
        self._by_id[student.student_id] = student
        if student.pk is not None:
            self._by_pk[student.pk] = student
        for sha256 in student.sha256s:
            self._by_sha256.setdefault(sha256, []).append(student)
        self._names[student.name] += 1

    def by_student_id(self, student_id: UUID | None) -> BackedUpStudent | None:
        """Whom a folder's UUID meant."""
        return self._by_id.get(student_id) if student_id else None

    def by_pk(self, pk: int | None) -> BackedUpStudent | None:
        """Whom an old primary key meant."""
        return None if pk is None else self._by_pk.get(pk)

    def with_photo(self, *sha256s: str) -> list[BackedUpStudent]:
        """Whose photo had one of these sha256s; the first that anybody had decides."""
        return next((found for sha256 in sha256s if (found := self._by_sha256.get(sha256))), [])

    def is_only_one_called(self, name: str) -> bool:
        """Whether the name is unique in the backup."""
        return self._names[name] == 1


def students_in(backup: backups.Backup) -> BackupStudents:
    """The evidence of a backup file.

    One that this deployment did not seal may be another school's: there the same integers are other
    children, so then only UUIDs and sha256s count.
    """
    return BackupStudents(
        BackedUpStudent(
            student_id=one.student_id,
            pk=one.id if backup.sealed else None,
            number=(one.student_number or "") if backup.sealed else "",
            name=one.name,
            sha256s=one.sha256s | _attendance(one),
            todays_sha256=one.today.sha256 if one.today else "",
        )
        for one in backup.students()
    )


def _attendance(student: backups.BackedUpStudent) -> frozenset[str]:
    columns = ("sha256", "untagged_sha256", "source_sha256")
    return frozenset(getattr(photo, column) for photo in student.attendance for column in columns)
