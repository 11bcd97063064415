"""Whose a stray file might be by its name. A proposal for a person, and never more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from photostore.inventory import orphans
from students.evidence.names import place_of
from students.models import Student


def proposals() -> Iterator[dict[str, Any]]:
    """Stray files whose names name a student who has no photo."""
    for alias in ("default", "safe"):
        for prefix in ("student_photos/", "photos/students/"):
            for file in orphans(alias, prefix):
                student = _named(file.key)
                if student is not None:
                    yield {"file": file.key, "storage": alias, "id": student.pk, "name": student.name}


def _named(key: str) -> Student | None:
    without, place = Student.objects.without_photo(), place_of(key)
    if place.pk is not None:
        return without.filter(pk=place.pk).first()
    if place.role == "safe" and place.folder:
        return without.filter(student_id=place.folder).first()
    return None
