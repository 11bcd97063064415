"""What one student is found to need, and which files of theirs are to be put back. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from photostore.errors import FileMissing, FileTooLarge, FileUnreadable, InvalidFile
from photostore.models import StoredFile
from photostore.operations.quarantine import sha256_of
from photostore.storage import storage_for
from students import identity
from students.recovery.change.files import AnyFileRef
from students.recovery.restore.finding import StorageContents, first_right, set_aside_with
from students.recovery.restore.spliced import lost_by_the_rows
from students.recovery.storages import FileRef
from students.versions import MAX_STORED_BYTES

OperationStep = tuple[str, dict[str, Any]]
UNREADABLE = "unreadable"


@dataclass
class RestorePlan:
    """What is to be done for one student, what is fine, and what has no bytes anywhere."""

    links: list[OperationStep] = field(default_factory=list)
    put_backs: list[OperationStep] = field(default_factory=list)
    # Photos of another student in the place of theirs, where no copy of theirs is left.
    asides: list[OperationStep] = field(default_factory=list)
    verified: int = 0
    attendance: int = 0  # of these
    # Versions of attendance photos.
    of_attendance: set[str] = field(default_factory=set)
    missing: list[str] = field(default_factory=list)
    # Versions that are not today's any more.
    former: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


def refs_with(sha256: str, likely: Iterable[FileRef], found: StorageContents) -> list[FileRef]:
    """Every likely place with these bytes; else the quarantine's, else an unowned file's."""
    right = [file_ref for file_ref in dict.fromkeys(likely) if first_right([file_ref], sha256)]
    if right:
        return right
    file_ref = first_right(set_aside_with(sha256), sha256) or first_right(found.unowned_with(sha256), sha256)
    return [file_ref] if file_ref else []


def put_backs_needed(
    plan: RestorePlan, rows: list[StoredFile], found: StorageContents, *, checksum: bool, student_id: UUID
) -> None:
    """Registered files that are missing, of another size or, with `checksum`, of other bytes."""
    suspects = {row.pk for row in found.suspects(rows)}
    thumbnails: dict[int | None, list[StoredFile]] = {}
    for row in rows:
        is_whole = row.pk not in suspects
        lies_there = row.sha256 if is_whole and not checksum else _sha256(row)
        if lies_there == UNREADABLE:
            plan.notes.append(f"{row.key} cannot be read, and is left for a person")
        elif row.kind == StoredFile.Kind.DERIVATIVE:
            if not is_whole or lies_there != row.sha256:
                thumbnails.setdefault(row.parent_id, []).append(row)
        elif is_whole and lies_there == row.sha256:
            plan.verified += row.kind == StoredFile.Kind.ORIGINAL
            plan.attendance += row.kind == StoredFile.Kind.ORIGINAL and row.sha256 in plan.of_attendance
        else:
            _plan_put_back(plan, row, rows, found, student_id)
    originals = {row.pk: row for row in rows}
    for parent, missing in thumbnails.items():
        if parent in originals and originals[parent].sha256 not in plan.missing:
            plan.put_backs.append(("rebuild_thumbnails", _rebuild(originals[parent], missing)))


def _plan_put_back(
    plan: RestorePlan, row: StoredFile, rows: list[StoredFile], found: StorageContents, student_id: UUID
) -> None:
    likely = [(other.storage_alias, other.key) for other in rows if other.sha256 == row.sha256]
    sources: list[AnyFileRef] = [*refs_with(row.sha256, likely, found)]
    if not sources and row.kind != StoredFile.Kind.DERIVATIVE:
        exports = [(other.storage_alias, other.key) for other in rows]
        lost = lost_by_the_rows(student_id, row.sha256)
        sources = next((made for one in lost if (made := one.sources(exports, found))), [])
    if not sources:
        if row.kind == StoredFile.Kind.ORIGINAL:
            plan.missing.append(row.sha256)
        if not _is_anothers(row, student_id):
            return
    details = {
        "storage_alias": row.storage_alias,
        "key": row.key,
        "sha256": row.sha256,
        "owner_label": row.owner_label,
        "owner_id": row.owner_id,
        "found": _sha256(row) or "",
        "sources": sources,
    }
    (plan.put_backs if sources else plan.asides).append(("heal", details))


def _is_anothers(row: StoredFile, student_id: UUID) -> bool:
    """Whether the identity in what lies there names another student, who must not be seen as this one."""
    try:
        inside = identity.read(storage_for(row.storage_alias).read(row.key, max_bytes=MAX_STORED_BYTES))
    except (FileMissing, FileTooLarge, InvalidFile):
        return False
    return inside is not None and inside.student_id != student_id


def _rebuild(original: StoredFile, missing: list[StoredFile]) -> dict[str, Any]:
    columns = ("sha256", "byte_size", "width", "height")
    return {
        "original": [original.storage_alias, original.key, original.sha256],
        "content_type": original.content_type,
        "owner_label": original.owner_label,
        "owner_id": original.owner_id,
        "before": {row.key: {name: getattr(row, name) for name in columns} for row in missing},
    }


def _sha256(row: StoredFile) -> str | None:
    try:
        return sha256_of(row.storage_alias, row.key)
    except FileUnreadable:
        return UNREADABLE


def told_of_anothers(aside: int, found: int) -> str:
    """About another student's photo in the place of one of which no copy is left."""
    done = f"{aside} set aside" if aside else "to be set aside"
    return f"the photo of another student lay in {found} places of theirs, {done}"
