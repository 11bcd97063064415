"""Finding the student that an operator names on the command line."""

from __future__ import annotations

from uuid import UUID

from photostore.commands import Refused
from students.models import Student


def student_named(text: str) -> Student:
    """The student of STUDENT: a bare integer is the primary key; a UUID, or `number:S-17`, says otherwise.

    Raises `Refused` with a sentence for what is none of these, and for a student who is not here.
    """
    student = Student.objects.filter(**_criterion(text)).first()
    if student is None:
        raise Refused(f"There is no student {text}.")
    return student


def _criterion(text: str) -> dict[str, object]:
    if text.startswith("number:") and text != "number:":
        return {"student_number": text.removeprefix("number:").replace("\0", "")}
    if text.isascii() and text.isdigit() and len(text) < 19:
        return {"pk": int(text)}
    try:
        return {"student_id": UUID(text)}
    except ValueError:
        raise Refused(f"{text!r} names no student: give an id, a UUID, or number:THEIR-NUMBER.") from None
