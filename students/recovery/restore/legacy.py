"""Photos that only a student's row names: whether they are there, and whole. Changes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from photostore.errors import FileMissing, FileTooLarge, FileUnreadable, InvalidFile
from photostore.intake import FORMATS, sniff, take_in_image
from photostore.storage import storage_for
from photostore.storage.key_rules import is_key
from students.models import Student
from students.recovery.restore.finding import StorageContents
from students.recovery.restore.restore_plan import RestorePlan
from students.slots import PROFILE
from students.versions import MAX_STORED_BYTES, photo_limits


def legacy_sizes(students: Sequence[Student], found: StorageContents) -> dict[str, int]:
    """The byte sizes of the files that these students' legacy rows name, where they are there; one look."""
    sizes = found.sizes(("default", str(one.profile_photo)) for one in students if is_legacy(one))
    return {key: byte_size for (_alias, key), byte_size in sizes.items()}


def is_legacy(student: Student) -> bool:
    """Whether the row names a photo while no version is current."""
    return bool(student.profile_photo) and all(one.replaced_at for one in student.profile_versions)


def look_at_legacy(plan: RestorePlan, student: Student, sizes: dict[str, int], *, checksum: bool) -> None:
    """Existence; with `checksum`, whether the whole picture can be decoded: there is no hash to compare."""
    key = str(student.profile_photo)
    if not is_legacy(student) or any(details.get("slot") == PROFILE for _kind, details in plan.links):
        return
    if not is_key(key) or key not in sizes:
        plan.missing.append(key)
        return
    why = "it is empty" if not sizes[key] else _why_not(key) if checksum else ""
    if why:
        plan.notes.append(f"{key} is damaged, and is left for a person: {why}")
    else:
        plan.verified += 1


def _why_not(key: str) -> str:
    try:
        data = storage_for().read(key, max_bytes=MAX_STORED_BYTES)
        name = sniff(data)
        extension = FORMATS[name].extensions[0] if name else "jpg"
        take_in_image(data, filename=f"legacy.{extension}", limits=photo_limits())
    except (FileMissing, FileTooLarge, FileUnreadable, InvalidFile) as error:
        return str(error)
    return ""
