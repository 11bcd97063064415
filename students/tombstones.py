"""Tombstones: what was erased on request and must not come back by itself."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import models
from django.utils import timezone

from photostore.models import SHA256_LENGTH


class Tombstone(models.Model):
    """One row for an erased student (`sha256` empty), and one for each sha256 of a photo of theirs.

    Of a photo: of its file as stored, without identity and as handed in, and of its pixels. It speaks of
    this student alone; another student who has the same picture keeps it.

    It commits with the deletion of the student's row. Without it a backup or an unowned file copy of the file
    would bring the photo back.
    """

    student_id = models.UUIDField()
    sha256 = models.CharField(max_length=SHA256_LENGTH, blank=True)
    erased_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            # An erasure that was killed and is run again says the same thing once.
            models.UniqueConstraint(fields=["student_id", "sha256"], name="students_one_tombstone_each"),
        ]
        indexes = [models.Index(fields=["sha256"], name="students_tombstone_sha256")]

    def __str__(self) -> str:
        return f"{self.student_id} {self.sha256[:12]}"


def add_tombstones(student_id: UUID, sha256s: Iterable[str]) -> None:
    """Write the tombstones of a student, in the caller's transaction."""
    stones = [Tombstone(student_id=student_id, sha256=sha256) for sha256 in {"", *sha256s}]
    Tombstone.objects.bulk_create(stones, ignore_conflicts=True)


def remove_tombstones(sha256s: Iterable[str]) -> None:
    """The picture was uploaded anew: it may be kept again."""
    Tombstone.objects.filter(sha256__in=[sha256 for sha256 in sha256s if sha256]).delete()


def erased_students(student_ids: Iterable[UUID]) -> set[UUID]:
    """Which of these students were erased."""
    stones = Tombstone.objects.filter(sha256="", student_id__in=list(student_ids))
    return set(stones.values_list("student_id", flat=True))


def erased_pictures(sha256s: Iterable[str]) -> dict[str, dict[UUID, datetime]]:
    """Which of these pictures were erased, of whom and when: a twin's photo may be the same picture."""
    wanted = [sha256 for sha256 in sha256s if sha256]
    found: dict[str, dict[UUID, datetime]] = {}
    stones = Tombstone.objects.filter(sha256__in=wanted)
    for sha256, student_id, erased_at in stones.values_list("sha256", "student_id", "erased_at"):
        found.setdefault(sha256, {})[student_id] = erased_at
    return found


def erased_of(student_id: UUID, sha256s: Iterable[str]) -> set[str]:
    """Which of these pictures were erased of this student."""
    wanted = [sha256 for sha256 in sha256s if sha256]
    stones = Tombstone.objects.filter(student_id=student_id, sha256__in=wanted)
    return set(stones.values_list("sha256", flat=True))
