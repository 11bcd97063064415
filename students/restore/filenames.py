"""Whose a stray file might be by its name. A proposal for a person, and never more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from photostore.inventory import orphans
from students.models import Student

DOCUMENTED = re.compile(r"student_photos/student_(\d{1,18})_profile\.[A-Za-z0-9]{1,5}")
SAFE = re.compile(r"photos/students/([0-9a-f-]{36})/profile\.jpg")


def proposals() -> Iterator[dict[str, Any]]:
    """Stray files whose names name a student who has no photo."""
    for alias in ("default", "safe"):
        for prefix in ("student_photos/", "photos/students/"):
            for file in orphans(alias, prefix):
                student = _named(file.key)
                if student is not None:
                    yield {"file": file.key, "storage": alias, "id": student.pk, "name": student.name}


def _named(key: str) -> Student | None:
    without = Student.objects.without_photo()
    if match := DOCUMENTED.fullmatch(key):
        return without.filter(pk=int(match[1])).first()
    if match := SAFE.fullmatch(key):
        try:
            return without.filter(student_id=UUID(match[1])).first()
        except ValueError:
            return None
    return None
