"""S1's folder for each student, on disk: who puts files in by hand looks for it."""

from __future__ import annotations

from photostore.storage import storage_for
from photostore.storage.disk import DiskStorage
from students.key_claims import FOLDERS
from students.models import Student


def has_folder(student: Student) -> bool:
    """Whether the student's folder is there; where there are no folders, none is ever made."""
    storage = storage_for()
    if not isinstance(storage, DiskStorage):
        return True
    try:
        storage.listdir(_folder_of(student))
    except FileNotFoundError:
        return False
    return True


def make_folder(student: Student) -> None:
    storage = storage_for()
    if isinstance(storage, DiskStorage):
        storage.make_folder(_folder_of(student))


def _folder_of(student: Student) -> str:
    return f"{FOLDERS}{student.student_id}"
