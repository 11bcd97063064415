"""Students, every version of their photos, and lists and photos that are being imported."""

from students.models.imports import Import, ImportRow, ImportSource
from students.models.students import (
    OWNER_LABEL,
    SHA256_COLUMNS,
    AttendancePhoto,
    FormerStudentNumber,
    Student,
    StudentPhoto,
    StudentPhotoQuerySet,
    StudentQuerySet,
)

__all__ = [
    "OWNER_LABEL",
    "SHA256_COLUMNS",
    "AttendancePhoto",
    "FormerStudentNumber",
    "Import",
    "ImportRow",
    "ImportSource",
    "Student",
    "StudentPhoto",
    "StudentPhotoQuerySet",
    "StudentQuerySet",
]
