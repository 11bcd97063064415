"""What imports hold of the erased student: staged photos, rows that name them, and whole lists."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from photostore import keys
from photostore.storage import storage_for
from students.models import Import, ImportRow, ImportSource
from students.tombstones import Tombstone

LOOKED_AT = (Import.State.READING, Import.State.READY)


def rows_that_name(pk: int) -> list[int]:
    """The rows of a student who is here: afterwards nothing says that they are theirs."""
    return list(ImportRow.objects.filter(student=pk).values_list("pk", flat=True)) if pk else []


def forget_imports(pk: int, student_id: UUID, rows: Collection[int]) -> None:
    """First the files, then the rows, so that a kill leaves nothing unnamed. Raises `StorageUnavailable`.

    A picture that nobody was named for is known by its tombstone. Lists go with what was committed from
    them; one that is still being looked at goes when it expires, or is committed or discarded.
    """
    theirs = ImportRow.objects.filter(Q(pk__in=rows) | _same_pictures(student_id))
    for key in theirs.exclude(staged_key=None).values_list("staged_key", flat=True):
        _remove(str(key))
    batches = set(theirs.values_list("batch", flat=True))
    with transaction.atomic():
        ImportSource.objects.filter(batch__in=batches).exclude(batch__state__in=LOOKED_AT).delete()
        theirs.delete()
        for row in ImportRow.objects.filter(evidence__contains=[{"student": pk}]) if pk else ():
            row.evidence, row.findings = _without(row.evidence, pk), _without(row.findings, pk)
            row.save(update_fields=["evidence", "findings"])


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
