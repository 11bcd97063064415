"""What a key says by its form alone. Names are claims, never proofs. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from uuid import UUID

from photostore import keys
from students.matching.file_names import parse

UPLOADS = "student_photos/"
FOLDERS = "photos/students/"
OF_OTHERS = (
    "users/",
    "profile_pictures/",
    "uploads/",
    "derived/",
    "quarantine/",
    keys.INCOMING,
    keys.IMPORTS,
)

Role = Literal["version", "safe", "attendance", "documented", "other"]

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_IN_FOLDER = re.compile(rf"(?:photos|derived)/students/({_UUID})/(.+)")
_DOCUMENTED = re.compile(r"student_photos/student_(\d{1,18})_profile\.[a-z0-9]{1,5}", re.IGNORECASE)
_ATTENDANCE = re.compile(r"attendance/(\d{4}-\d{2}-\d{2}_[AP]M)\.[a-z]{3,4}")
_ID = re.compile(r"(?:student[_-])?(\d{1,18})(?:[_-]profile)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class KeyClaim:
    """`folder` is the student_id in the path, `pk` the id in a documented name, `moment` a half-day.

    `stem` is the bare file name (see `students.matching`); `file_id` an integer that it consists of.
    """

    role: Role
    folder: UUID | None = None
    pk: int | None = None
    moment: str = ""
    stem: str = ""
    file_id: int | None = None


@lru_cache(maxsize=4_096)
def claim_of(key: str) -> KeyClaim:
    inside = _IN_FOLDER.fullmatch(key)
    if inside:
        return _in_folder(UUID(inside[1]), inside[2])
    documented = _DOCUMENTED.fullmatch(key)
    if documented:
        return KeyClaim("documented", pk=int(documented[1]), file_id=int(documented[1]))
    stem = parse(key).stem
    numeric = _ID.fullmatch(stem) if key.startswith("student_photos/") else None
    return KeyClaim("other", stem=stem, file_id=int(numeric[1]) if numeric else None)


def _in_folder(folder: UUID, rest: str) -> KeyClaim:
    attendance = _ATTENDANCE.fullmatch(rest)
    if attendance:
        return KeyClaim("attendance", folder=folder, moment=attendance[1])
    if rest == "profile.jpg":
        return KeyClaim("safe", folder=folder)
    return KeyClaim("version" if rest.startswith("history/") else "other", folder=folder)
