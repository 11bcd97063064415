"""The step that lets a student's row follow the current version again, after SQL wrote past it."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from photostore.audit import Actor, record
from photostore.errors import Changed, FileMissing, FileTooLarge, InvalidFile, StorageUnavailable
from photostore.models import OperationStep, StoredFile
from photostore.operations import StepHandler
from photostore.registration import Contradiction, Repair
from students import identity
from students.models import Student, StudentPhoto
from students.photos import subject_of
from students.todays import is_in_folder
from students.versions import owner_of, stored_bytes

OPERATOR = Actor(id="", name="verify_media", channel="command")
COLUMNS = ("profile_photo", "photo_sha256")


def repair_of(found: Contradiction) -> Repair | None:
    """What mends it; None where the evidence does not decide."""
    student = Student.objects.get(pk=found.owner_id)
    photo = StudentPhoto.objects.of_profile().filter(student=student, replaced_at=None).first()
    if photo is None or not is_in_folder(student.student_id, str(photo.file)):
        return None
    key = _own_copy(student, photo)
    if not key or not _is_theirs(student, photo):
        return None
    details = {
        "student": student.pk,
        "student_id": str(student.student_id),
        "version": photo.sha256,
        "before": _columns(student),
        "after": {"profile_photo": key, "photo_sha256": photo.sha256},
    }
    return Repair("follow_version", subject_of(student), details)


def _own_copy(student: Student, photo: StudentPhoto) -> str:
    """The documented name under which the register keeps a copy of this version for this student."""
    owner = owner_of(student)
    originals = StoredFile.objects.filter(
        kind=StoredFile.Kind.ORIGINAL, live=True, key=str(photo.file), sha256=photo.sha256, **owner.files
    )
    exports = StoredFile.objects.filter(kind=StoredFile.Kind.EXPORT, parent__in=originals, **owner.files)
    return exports.order_by("storage_alias", "pk").values_list("key", flat=True).first() or ""


def _is_theirs(student: Student, photo: StudentPhoto) -> bool:
    """Whether the bytes are there, are the version's, and name this student and no other."""
    try:
        inside = identity.read(stored_bytes(photo))
    except (FileMissing, FileTooLarge, InvalidFile, StorageUnavailable):
        return False
    return inside is not None and inside.student_id == student.student_id


def _columns(student: Student) -> dict[str, str]:
    return {"profile_photo": student.profile_photo.name or "", "photo_sha256": student.photo_sha256}


class FollowVersion(StepHandler):
    """Details: `student`, `student_id`, `version` (sha256), and the columns `before` and `after`."""

    name = "follow_version"

    def perform(self, step: OperationStep) -> None:
        """Only while the row says what it said, and the version is the current one."""
        _set(step.details, "before", "after", "photo.follow_version")

    def revert(self, step: OperationStep) -> None:
        """The columns as they were; nothing is shown for them then."""
        _set(step.details, "after", "before", "photo.undo")


def _set(details: dict[str, Any], now: str, then: str, action: str) -> None:
    found = Student.objects.filter(pk=details["student"], student_id=details["student_id"]).first()
    if found is None:
        raise Changed(_("The student no longer exists."))
    with owner_of(found).locked(), transaction.atomic(durable=True):
        student = Student.objects.select_for_update().get(pk=found.pk)
        if _columns(student) == details[then]:
            return
        current = student.photos.of_profile().filter(replaced_at=None, sha256=details["version"])
        if _columns(student) != details[now] or not current.exists():
            raise Changed(_("The student has another photo by now."))
        sha256s = {
            f"{name}_sha256": details[at]["photo_sha256"] for name, at in (("old", now), ("new", then))
        }
        record(OPERATOR, action, subject=subject_of(student), **sha256s)
        Student.objects.filter(pk=student.pk).update(**details[then])
