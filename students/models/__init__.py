"""Students, every version of their photos, imports, and matches that are staged."""

from students.models.imports import BEFORE_BY_EYE, Import, ImportRow, ImportSource
from students.models.matches import StagedMatch
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
    "BEFORE_BY_EYE",
    "OWNER_LABEL",
    "SHA256_COLUMNS",
    "AttendancePhoto",
    "FormerStudentNumber",
    "Import",
    "ImportRow",
    "ImportSource",
    "StagedMatch",
    "Student",
    "StudentPhoto",
    "StudentPhotoQuerySet",
    "StudentQuerySet",
]
