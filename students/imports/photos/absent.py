"""Who of the school has no picture in an import."""

from __future__ import annotations

from students.models import Import, Student, StudentQuerySet


def without_picture(batch: Import) -> StudentQuerySet:
    """Students who are here and of whom no row is, as it stands now; by name."""
    pictured = batch.rows.exclude(staged_key=None).exclude(student=None)
    active = Student.objects.filter(status=Student.Status.ACTIVE)
    return active.exclude(pk__in=pictured.values("student")).order_by("name", "pk")
