"""Finding the student that an operator names on the command line."""

from __future__ import annotations

from uuid import UUID

from photostore.errors import CommandRefused
from students.models import Student
from students.recovery.backups import BackedUpStudent


def student_named(text: str) -> Student:
    """The student of STUDENT: a bare integer is the primary key; a UUID, or `number:S-17`, says otherwise.

    Raises `CommandRefused` with a sentence for what is none of these, and for a student who is not here.
    """
    student = Student.objects.filter(**criterion_of(text)).first()
    if student is None:
        raise CommandRefused(f"There is no student {text}.")
    return student


def is_called(entry: BackedUpStudent, text: str) -> bool:
    """Whether STUDENT means this student of a backup: by UUID, or by a number that they ever had.

    Raises `CommandRefused` for anything else: the integer may be another child's by now.
    """
    criterion = criterion_of(text)
    if "pk" in criterion:
        raise CommandRefused(f"{text!r} names no former student: give a UUID, or number:THEIR-NUMBER.")
    return criterion.get("student_id") == entry.student_id or criterion.get("student_number") in entry.numbers


def criterion_of(text: str) -> dict[str, object]:
    """What STUDENT asks for: by which column, and its value. Raises `CommandRefused`."""
    if text.startswith("number:") and text != "number:":
        return {"student_number": text.removeprefix("number:").replace("\0", "")}
    if text.isascii() and text.isdigit() and len(text) < 19:
        return {"pk": int(text)}
    try:
        return {"student_id": UUID(text)}
    except ValueError:
        raise CommandRefused(
            f"{text!r} names no student: give an id, a UUID, or number:THEIR-NUMBER."
        ) from None
