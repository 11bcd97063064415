"""What imports hold of the erased student: staged photos, rows that name them, and whole lists."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from photostore import keys
from photostore.storage import storage_for
from students.models import BEFORE_BY_EYE, Import, ImportRow, ImportSource, StagedMatch, Student
from students.tombstones import Tombstone

# What of an import shows lines of its list.
SHOWS_LINES = ("first_rows", "accented")


def rows_that_name(pk: int) -> list[int]:
    """The rows of a student who is here, also by name or number: afterwards nothing says that they are."""
    student = Student.objects.filter(pk=pk).first()
    if student is None:
        return []
    numbers = {student.student_number, *student.former_numbers.values_list("student_number", flat=True)}
    said = Q(data__student_number__in=[number for number in numbers if number]) | Q(data__name=student.name)
    if student.last_name:
        said |= Q(data__last_name=student.last_name, data__first_name=student.first_name)
    return list(ImportRow.objects.filter(Q(student=pk) | said).values_list("pk", flat=True))


def forget_imports(pk: int, student_id: UUID, rows: Collection[int]) -> None:
    """First the files, then the rows, so that a kill leaves nothing unnamed. Raises `StorageUnavailable`.

    A picture without a named student is known by its tombstone. A list in which they stand goes, and one
    that could not be read, as it is unknown who stands in it; rows that were read from it stay.
    """
    theirs = ImportRow.objects.filter(Q(pk__in=rows) | _same_pictures(student_id))
    for key in theirs.exclude(staged_key=None).values_list("staged_key", flat=True):
        _remove(str(key))
    batches = set(theirs.values_list("batch", flat=True))
    with transaction.atomic():
        _forget_lists(batches)
        theirs.delete()
        StagedMatch.objects.filter(student_id=student_id).delete()
        names_them = Q(evidence__contains=[{"student": pk}]) | Q(findings__contains=[{"student": pk}])
        names_them |= Q(**{f"data__{BEFORE_BY_EYE}__evidence__contains": [{"student": pk}]})
        for row in ImportRow.objects.filter(names_them) if pk else ():
            row.evidence, row.findings = _without(row.evidence, pk), _without(row.findings, pk)
            before = row.data.get(BEFORE_BY_EYE, {})
            for name in ("evidence", "findings") if before else ():
                before[name] = _without(before[name], pk)
            row.save(update_fields=["evidence", "findings", "data"])


def _forget_lists(batches: Collection[UUID]) -> None:
    lists = Import.objects.filter(kind=Import.Kind.STUDENTS)
    lists.filter(state=Import.State.FAILED).delete()
    ImportSource.objects.filter(batch__in=batches).delete()
    for batch in lists.filter(pk__in=batches):
        batch.found = {name: value for name, value in batch.found.items() if name not in SHOWS_LINES}
        batch.save(update_fields=["found"])


def _same_pictures(student_id: UUID) -> Q:
    stones = Tombstone.objects.filter(student_id=student_id).exclude(sha256="")
    known = list(stones.values_list("sha256", flat=True))
    by_data = Q(data__source_sha256__in=known) | Q(data__pixel_sha256__in=known)
    return by_data | Q(staged_sha256__in=known)


def _without(said: list[dict[str, Any]], pk: int) -> list[dict[str, Any]]:
    return [one for one in said if one.get("student") != pk]


def _remove(key: str) -> None:
    stem = key.rpartition(".")[0]
    for name in (*(f"{stem}_{size}.webp" for size in keys.THUMBNAIL_SIZES), key):
        storage_for().remove(name)
