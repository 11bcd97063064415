"""The tombstones that a backup holds, read back into the database."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from uuid import UUID

from students.models import Student
from students.recovery.backups.contents import Erased
from students.tombstones import Tombstone

BATCH = 1_000


def remember(erased: Iterable[Erased]) -> int:
    """Take over the tombstones of a backup: with the database gone, they are in it alone.

    No student who is here gets a tombstone: who came back with an old copy of the database is to be erased
    again by a person. Returns the number of those students.
    """
    stones = (
        Tombstone(student_id=item.student_id, sha256=item.sha256, erased_at=item.erased_at) for item in erased
    )
    alive: set[UUID] = set()
    while batch := list(islice(stones, BATCH)):
        here = _here({stone.student_id for stone in batch})
        alive |= here
        buried = [stone for stone in batch if stone.student_id not in here]
        Tombstone.objects.bulk_create(buried, ignore_conflicts=True)
    return len(alive)


def _here(student_ids: set[UUID]) -> set[UUID]:
    return set(Student.objects.filter(student_id__in=student_ids).values_list("student_id", flat=True))
