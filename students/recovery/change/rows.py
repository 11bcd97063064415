"""The rows of one slot: as they were before a step, and putting them back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from photostore.audit import Actor, record
from photostore.errors import Changed, FileMissing
from photostore.models import OperationStep, PendingRemoval, StoredFile
from photostore.register import publish, publish_former
from students.models import Student, StudentPhoto
from students.photos import current_photo, give_up_exports, shown_in_other_slots, subject_of
from students.recovery.change.sources import actor_of, legacy_file
from students.slots import PROFILE
from students.versions import Version, names_present_number, owner_of, version_as_stored


def before(step: OperationStep, student: Student, versions: list[Version]) -> dict[str, Any]:
    """The rows that the step may change, as JSON.

    `columns` of the student; `current`, the sha256 of the slot's current version; `replaced_at` of the given
    versions that are here already; `files`, those of their keys that the register knows; `live` and
    `exports`, the key and the names of the current one; `file_sha256`, of the file that a legacy row names.
    """
    slot, at = step.details["slot"], student.photo_updated_at
    current = current_photo(student, slot)
    files = StoredFile.objects.filter(**owner_of(student).files)
    asked = [one.photo.sha256 for one in versions]
    known = StudentPhoto.objects.filter(student=student, slot=slot, sha256__in=asked)
    others = shown_in_other_slots(student, slot)
    exports = files.filter(kind=StoredFile.Kind.EXPORT).exclude(parent__key__in=others)
    originals = files.filter(kind=StoredFile.Kind.ORIGINAL)
    keys = [one.file_set.original.key for one in versions]
    return {
        "columns": {
            "profile_photo": str(student.profile_photo.name or ""),
            "photo_sha256": student.photo_sha256,
            "photo_updated_at": at and at.isoformat(),
        },
        "current": current.sha256 if current else "",
        "replaced_at": {one.sha256: one.replaced_at and one.replaced_at.isoformat() for one in known},
        "files": list(originals.filter(key__in=keys).values_list("key", flat=True)),
        "live": list(originals.filter(live=True).exclude(key__in=others).values_list("key", flat=True)),
        "exports": [list(one) for one in exports.values_list("storage_alias", "key")],
        "file_sha256": legacy_file(student) if slot == PROFILE else "",
    }


def is_as_before(step: OperationStep, student: Student) -> bool:
    """Whether the rows were never changed by the step, or are put back already."""
    if "made" not in step.details:
        return True
    slot, was = step.details["slot"], step.details["before"]
    current = current_photo(student, slot)
    if (current.sha256 if current else "") != was["current"]:
        return False
    if slot == PROFILE and student.photo_sha256 != was["columns"]["photo_sha256"]:
        return False
    rows = StudentPhoto.objects.filter(student=student, slot=slot, sha256__in=step.details["made"])
    return not rows.exists()


def add_former(student: Student, version: Version, actor: Actor, action: str) -> None:
    """A version that is not current, in the caller's transaction; also where its row is here already."""
    photo, slot = version.photo, version.photo.slot
    record(actor, action, subject=subject_of(student, slot), new_sha256=photo.sha256)
    if not StudentPhoto.objects.filter(student=student, slot=slot, sha256=photo.sha256).exists():
        photo.student, photo.replaced_at = student, photo.replaced_at or timezone.now()
        photo.save(force_insert=True)
    publish_former(owner_of(student), version.file_set)


def put_back(step: OperationStep, student: Student) -> None:
    """Rows as before, in the caller's transaction; `student` is locked. Raises `Changed`."""
    details, was, slot = step.details, step.details["before"], step.details["slot"]
    old = _version_before(student, slot, was["current"]) if details["live"] else None
    sha256s = {"old_sha256": details["new_sha256"], "new_sha256": was["current"]}
    kind = "photo" if slot == PROFILE else "attendance"
    record(actor_of(step), f"{kind}.undo", subject=subject_of(student, slot), **sha256s)
    rows = StudentPhoto.objects.filter(student=student, slot=slot)
    rows.filter(sha256__in=details["made"]).delete()
    for sha256, at in was["replaced_at"].items():
        rows.filter(sha256=sha256).update(replaced_at=at and parse_datetime(at))
    if details["live"]:
        rows.filter(replaced_at=None).exclude(sha256=was["current"]).update(replaced_at=timezone.now())
        rows.filter(sha256=was["current"]).update(replaced_at=None)
        _put_register_back(student, slot, was, old)
        if slot == PROFILE:
            _put_columns_back(student, was["columns"])
    _forget_files(step, student)


def _version_before(student: Student, slot: str, sha256: str) -> Version | None:
    if not sha256:
        return None
    photo = StudentPhoto.objects.filter(student=student, slot=slot, sha256=sha256).first()
    if photo is None:
        raise Changed(_("The previous photo is gone."))
    try:
        version = version_as_stored(student, photo)
    except FileMissing as error:
        raise Changed(_("The previous photo is gone.")) from error
    if slot == PROFILE and not names_present_number(student, version):
        raise Changed(_("The student's number was changed since."))
    return version


def _put_register_back(student: Student, slot: str, was: dict[str, Any], old: Version | None) -> None:
    """The exports of the version before, or the names that the register knew without one."""
    owner = owner_of(student)
    exports = [(alias, key) for alias, key in was["exports"]]
    others = shown_in_other_slots(student, slot)
    if old is not None:
        publish(owner, replace(old.file_set, exports=exports or old.file_set.exports), besides=others)
        return
    give_up_exports(student, slot, besides=exports)
    owned = StoredFile.objects.filter(**owner.files)
    originals = owned.filter(kind=StoredFile.Kind.ORIGINAL).exclude(key__in=others)
    originals.filter(live=True).exclude(key__in=was["live"]).update(live=False)
    originals.filter(key__in=was["live"]).update(live=True)


def _put_columns_back(student: Student, columns: dict[str, Any]) -> None:
    at = columns["photo_updated_at"]
    values = columns | {"photo_updated_at": at and parse_datetime(at), "updated_at": timezone.now()}
    Student.objects.filter(pk=student.pk).update(**values)


def _forget_files(step: OperationStep, student: Student) -> None:
    """For good where what they were made from is there; what was staged expires, so that goes to quarantine.

    What lay there before, stays.
    """
    details, owner = step.details, owner_of(student)
    made = details["keys"]
    others = StudentPhoto.objects.filter(student=student, file__in=made).exclude(slot=details["slot"])
    used = others.values_list("file", flat=True)
    gone = set(made) - set(details["before"]["files"]) - set(used)
    files = StoredFile.objects.filter(storage_alias="default", key__in=gone, **owner.files)
    if details["how"] != "staged":
        files.update(keep_aside=False)
    files.delete()
    kept = Q(pk=None)
    for alias, key in details["there"]:
        kept |= Q(storage_alias=alias, key=key)
    PendingRemoval.objects.filter(kept, **owner.files).delete()
