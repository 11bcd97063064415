"""What became different between two backups, or between a backup and today."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

from students.models import Student, StudentPhoto
from students.recovery.backups.table import Table

# Where one of the two does not know the bytes, only that there is a photo, it cannot be called another.
_CHANGES = """
SELECT a.name, b.name, a.class_name, b.class_name, a.number, b.number, coalesce(a.student_id, b.student_id),
    a.student_id IS NULL, b.student_id IS NULL, a.photo IS NOT NULL, b.photo IS NOT NULL,
    a.photo <> b.photo AND '' NOT IN (a.photo, b.photo)
FROM (SELECT * FROM {a} WHERE NOT is_erased) a FULL JOIN (SELECT * FROM {b} WHERE NOT is_erased) b
    USING (student_id)
WHERE a.student_id IS NULL OR b.student_id IS NULL OR a.number IS DISTINCT FROM b.number
    OR (a.photo IS NULL) <> (b.photo IS NULL) OR (a.photo <> b.photo AND '' NOT IN (a.photo, b.photo))
ORDER BY coalesce(b.class_name, a.class_name), coalesce(b.name, a.name), coalesce(a.student_id, b.student_id)
"""


@dataclass(frozen=True)
class Change:
    """One student who is not as before. `photo`: "new", "gone", "another" or nothing."""

    name: str
    class_name: str
    student_id: str
    came: bool
    left: bool
    photo: str
    number: tuple[str | None, str | None] | None

    def __str__(self) -> str:
        called = f"{self.name} ({self.class_name})" if self.class_name else self.name
        if self.came or self.left:
            return f"{'Came' if self.came else 'Left'}: {called}"
        told = [f"{self.photo} photo" if self.photo != "gone" else "photo gone"] if self.photo else []
        if self.number:
            before, after = (one or "none" for one in self.number)
            told.append(f"number {before} is now {after}")
        return f"Changed: {called}: {', '.join(told)}"


def today() -> Table:
    """The students of the database, in a table like a backup's."""
    table = Table()
    todays = StudentPhoto.objects.of_profile().filter(student=OuterRef("pk"), replaced_at=None)
    sha256 = Coalesce(Subquery(todays.values("untagged_sha256")[:1]), Value(""))
    students = Student.objects.annotate(untagged_sha256=sha256).values_list(
        *("student_id", "pk", "student_number", "name", "class_name", "profile_photo", "untagged_sha256")
    )
    for *columns, key, untagged_sha256 in students.order_by("pk").iterator():
        table.add_row(False, *columns, untagged_sha256 if key else None)
    table.finish()
    return table


def changes(before: Table, after: Table) -> Iterator[Change]:
    # A server's cursor: neither the school nor what changed in it has to fit into memory.
    with transaction.atomic(), closing(connection.chunked_cursor()) as cursor:
        cursor.execute(_CHANGES.format(a=before.name, b=after.name))
        while rows := cursor.fetchmany(1_000):
            yield from map(_change, rows)


def _change(row: tuple[Any, ...]) -> Change:
    a_name, b_name, a_class, b_class, a_number, b_number, student_id, came, left, *photo = row
    had, has, is_another = photo
    return Change(
        name=b_name or a_name,
        class_name=b_class or a_class or "",
        student_id=str(student_id),
        came=came,
        left=left,
        photo="" if came or left else "new" if has > had else "gone" if had > has else "another" * is_another,
        number=None if came or left or a_number == b_number else (a_number, b_number),
    )
