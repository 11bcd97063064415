"""What the tests of a restore lose, and how they look at what is there."""

from __future__ import annotations

from typing import Any

from django.db import connection

from photostore.models import PendingRemoval, StoredFile
from photostore.storage import storage_for
from students.models import AttendancePhoto, Student, StudentPhoto
from students.tests.commands import OPERATOR, run
from testing.kept import stored


def restore(*arguments: str) -> tuple[int, str, str]:
    return run("restore_student_photos", *arguments)


def contents(*, thumbnails: bool = False) -> dict[tuple[str, str], bytes]:
    """Every file but quarantine; thumbnails are made anew, not brought back."""
    return {
        (alias, key): b"" if key.startswith("derived/") else data
        for alias in ("default", "safe")
        for key, data in stored(alias).items()
        if not key.startswith("quarantine/") and (thumbnails or not key.startswith("derived/"))
    }


LINK_COLUMNS = ("id", "student_id", "name", "student_number", "profile_photo", "photo_sha256")


def links() -> dict[str, Any]:
    return {
        "students": list(Student.objects.order_by("student_id").values(*LINK_COLUMNS)),
        "photos": list(
            StudentPhoto.objects.order_by("sha256").values(
                "student__student_id",
                "file",
                "sha256",
                "source_sha256",
                "origin",
                "uploaded_at",
                "replaced_at",
            )
        ),
        "attendance": list(
            AttendancePhoto.objects.order_by("sha256").values("student__student_id", "file", "sha256")
        ),
        "files": list(
            StoredFile.objects.exclude(kind="derivative")
            .order_by("storage_alias", "key")
            .values("storage_alias", "key", "sha256", "kind", "live", "keep_aside")
        ),
        "pending": PendingRemoval.objects.count(),
    }


def lose_the_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(
            "TRUNCATE students_student, students_studentphoto, students_formerstudentnumber, "
            "photostore_storedfile, photostore_pendingremoval, "
            "photostore_quarantinedfile, photostore_auditentry, photostore_operationstep, "
            "photostore_operation CASCADE"
        )


def lose(alias: str, *prefixes: str) -> None:
    storage = storage_for(alias)
    for file in list(storage.scan()):
        if file.key.startswith(prefixes):
            storage.remove(file.key)


def undo() -> tuple[int, str, str]:
    from photostore.operations import last_undoable
    from photostore.operations import undo as revert_step

    operation = last_undoable()
    assert operation is not None
    done = revert_step(operation, OPERATOR)
    return done.skipped, "", ""


def forgotten_register(_school: list[Student]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("TRUNCATE photostore_storedfile CASCADE")
