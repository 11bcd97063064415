"""`--previous`: who lost the bytes of the current photo gets the newest own version that is still there."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from photostore.errors import FileMissing, FileTooLarge, FileUnreadable
from students.models import Student, StudentPhoto
from students.slots import PROFILE
from students.versions import stored_bytes


def previous_photo(student: Student, missing: Collection[str]) -> dict[str, Any] | None:
    """The step that makes it current; None where the current photo is there, or no other one is."""
    if student.photo_sha256 not in missing:
        return None
    photo = next((one for one in student.profile_versions if _is_there(one, missing)), None)
    if photo is None:
        return None
    return {
        "student": student.pk,
        "student_id": str(student.student_id),
        "slot": PROFILE,
        "live": True,
        "expected_sha256": student.photo_sha256,
        "action": "photo.restore",
        "how": "version",
        "of": student.pk,
        "storage_alias": "default",
        "key": str(photo.file.name),
        "sha256": photo.sha256,
    }


def _is_there(photo: StudentPhoto, missing: Collection[str]) -> bool:
    if photo.sha256 in missing:
        return False
    try:
        stored_bytes(photo)
    except (FileMissing, FileTooLarge, FileUnreadable):
        return False
    return True
