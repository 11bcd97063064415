"""The embedded database's log: an earlier version wrote rows' values into it with every error."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from django.conf import settings

from students.models import FormerStudentNumber, Student, StudentPhoto

CHUNK_BYTES = 1_048_576
# A shorter text stands in every other line, and says no name.
MIN_LENGTH = 3


def forget_in_database_log(student_id: UUID) -> None:
    """Write stars over the names, numbers and file names of a student who is still here.

    In place, for the server goes on writing at the end of it.
    """
    texts = [text.encode() for text in set(_called(student_id)) if len(text) >= MIN_LENGTH]
    if not texts:
        return
    longest_first = b"|".join(re.escape(text) for text in sorted(texts, key=len, reverse=True))
    pattern = re.compile(rb"(?<![A-Za-z0-9])(?:" + longest_first + rb")(?![A-Za-z0-9])", re.IGNORECASE)
    for path in sorted(Path(settings.STATE_DIR).glob("postgres.log*")):
        _star_out(path, pattern, max(map(len, texts)))


def _called(student_id: UUID) -> Iterator[str]:
    students = Student.objects.filter(student_id=student_id)
    for names in students.values_list("name", "first_name", "last_name", "student_number"):
        yield from filter(None, names)
    theirs = {"student__student_id": student_id}
    yield from FormerStudentNumber.objects.filter(**theirs).values_list("student_number", flat=True)
    yield from StudentPhoto.objects.filter(**theirs).values_list("original_filename", flat=True)


def _star_out(path: Path, pattern: re.Pattern[bytes], longest: int) -> None:
    with path.open("r+b") as file:
        at, tail = 0, b""
        while chunk := file.read(CHUNK_BYTES):
            window, begins = tail + chunk, at - len(tail)
            for found in pattern.finditer(window):
                file.seek(begins + found.start())
                file.write(b"*" * (found.end() - found.start()))
            at += len(chunk)
            file.seek(at)
            tail = window[-(longest + 1) :]
