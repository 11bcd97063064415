"""The documented check after a disaster: a photo is verified when a file of its name exists."""

from __future__ import annotations

from pathlib import Path

from students.models import Student


def verify(media_root: str) -> int:
    """How many are "verified", one model object and one look at a time."""
    students = list(Student.objects.all())
    return sum((Path(media_root) / str(student.profile_photo)).exists() for student in students)
