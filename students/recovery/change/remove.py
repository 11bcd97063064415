"""The steps that take something away from a student: one version, and in the end an emptied row."""

from __future__ import annotations

from typing import Any

import msgspec
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy as _

from photostore import keys
from photostore.audit import record
from photostore.errors import Changed
from photostore.models import OperationStep, StoredFile
from photostore.operations import StepHandler
from photostore.operations.parts import InParts
from photostore.operations.quarantine import bring_back
from photostore.register import store
from photostore.register.after_commit import finish_commit
from students.models import FormerStudentNumber, Student, StudentPhoto
from students.photos import current_photo, go_live, subject_of, take_down
from students.recovery.backups import BackedUpPhoto
from students.recovery.change.entries import PHOTO_COLUMNS
from students.recovery.change.files import needed_bytes, version_of
from students.recovery.change.rows import add_former
from students.recovery.change.sources import actor_of, student_of
from students.versions import EXTENSIONS, Version, exports_of, owner_of, version_as_stored

FIELDS = ("name", "first_name", "last_name", "grade", "class_name", "status", "left_on", "student_number")


def row_of(photo: StudentPhoto) -> dict[str, Any]:
    values = {name: getattr(photo, name) for name in PHOTO_COLUMNS}
    row: dict[str, Any] = msgspec.to_builtins(values | {"key": str(photo.file.name), "byte_size": 1})
    return row


class RemoveVersion(StepHandler):
    """Details: `student`, `student_id`, `slot`, `sha256`, `key`; `row` (`row_of`); `was_current`, and `next`,
    the sha256 of the version that is current afterwards, or empty.
    """

    name = "remove_version"

    def perform(self, step: OperationStep) -> None:
        """The file goes to quarantine, byte for byte. Nothing where it was done before."""
        details, student = step.details, student_of(step)
        owner = owner_of(student)
        with owner.locked():
            photo = _version(student, details["slot"], details["sha256"])
            if photo is not None:
                if (photo.replaced_at is None) != details["was_current"]:
                    raise Changed(_("The student's photo was changed since."))
                after = _version(student, details["slot"], details["next"])
                shown = version_as_stored(student, after) if after else None
                with transaction.atomic(durable=True):
                    self._remove(step, Student.objects.select_for_update().get(pk=student.pk), photo, shown)
            finish_commit(owner)

    def _remove(
        self, step: OperationStep, student: Student, photo: StudentPhoto, shown: Version | None
    ) -> None:
        slot = step.details["slot"]
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('photokeep.operation', %s, true)", [str(step.operation_id)])
        record(
            actor_of(step), "photo.remove_version", subject=subject_of(student, slot), old_sha256=photo.sha256
        )
        if shown is not None:
            go_live(student, shown, actor_of(step), "photo.restore")
        elif step.details["was_current"]:
            take_down(student, slot)
        photo.delete()
        others = StudentPhoto.objects.filter(student=student, file=step.details["key"])
        if not others.exists():
            StoredFile.objects.filter(key=step.details["key"], **owner_of(student).files).delete()

    def revert(self, step: OperationStep) -> None:
        """Bring it back from quarantine, as it was. Raises `Changed` where the photo was changed since."""
        details, student = step.details, student_of(step)
        owner = owner_of(student)
        with owner.locked():
            student = student_of(step)
            if _version(student, details["slot"], details["sha256"]) is None:
                current = current_photo(student, details["slot"])
                if details["was_current"] and (current.sha256 if current else "") != details["next"]:
                    raise Changed(_("The student's photo was changed since."))
                version = _kept(step, student)
                store(version.file_set)
                with transaction.atomic(durable=True):
                    student = Student.objects.select_for_update().get(pk=student.pk)
                    if details["was_current"]:
                        go_live(student, version, actor_of(step), "photo.undo")
                    else:
                        add_former([(student, version, "photo.undo")], actor_of(step))
            finish_commit(owner)
            bring_back(step.operation_id, "default", details["key"])


def _version(student: Student, slot: str, sha256: str) -> StudentPhoto | None:
    return StudentPhoto.objects.filter(student=student, slot=slot, sha256=sha256).first() if sha256 else None


def _kept(step: OperationStep, student: Student) -> Version:
    details = step.details
    row = msgspec.convert(details["row"], BackedUpPhoto)
    storage_roots = [
        ("default", keys.quarantined(step.operation_id, details["key"])),
        ("default", details["key"]),
    ]
    file_set = version_of(
        student,
        needed_bytes(storage_roots, details["sha256"]),
        content_type=row.content_type,
        width=row.width,
        height=row.height,
        exports=exports_of(student, details["slot"], EXTENSIONS[row.content_type]),
    )
    values = {name: getattr(row, name) for name in PHOTO_COLUMNS}
    photo = StudentPhoto(student=student, slot=details["slot"], file=details["key"], **values)
    return Version(photo, file_set)


class MovePhotos(InParts):
    """Versions that are given to one student and removed from another, or exchanged: all of it or nothing."""

    name = "move_photos"


class RemoveDuplicate(StepHandler):
    """Ends the row of a student who was entered twice, when no photo is left on it; the number is not lost.

    Details: `student`, `student_id`, `keep` (pk), `keep_id`; `row`, the fields. An erasure empties them.
    """

    name = "remove_duplicate"

    def perform(self, step: OperationStep) -> None:
        """Nothing where it was done before. Raises `Changed` where a photo came in since."""
        details = step.details
        with transaction.atomic(durable=True):
            found = Student.objects.select_for_update().filter(**_key_of(details)).first()
            if found is None:
                return
            if found.profile_photo or found.photos.exists():
                raise Changed(_("The student has another photo by now."))
            keep = Student.objects.select_for_update().filter(pk=details["keep"]).first()
            if keep is None or str(keep.student_id) != details["keep_id"]:
                raise Changed(_("The student no longer exists."))
            record(actor_of(step), "student.merge", subject=subject_of(found))
            number = found.student_number
            found.delete()
            _take_number(keep, number)

    def revert(self, step: OperationStep) -> None:
        """The row again, with its primary key, its UUID and its number."""
        details, row = step.details, step.details["row"]
        if Student.objects.filter(**_key_of(details)).exists():
            return
        number = row["student_number"]
        try:
            with transaction.atomic(durable=True):
                keep = Student.objects.select_for_update().filter(pk=details["keep"]).first()
                if keep is not None and number:
                    _give_number_back(keep, number)
                student = Student(**_key_of(details), **row)
                student.save(force_insert=True)
                record(actor_of(step), "student.unmerge", subject=subject_of(student))
        except IntegrityError as error:
            raise Changed(_("Another student has this id or number by now.")) from error


def _key_of(details: dict[str, Any]) -> dict[str, Any]:
    return {"pk": details["student"], "student_id": details["student_id"]}


def _take_number(keep: Student, number: str | None) -> None:
    """The duplicate's number becomes the student's own, or a former one: photos may name it inside."""
    if number and not keep.student_number:
        Student.objects.filter(pk=keep.pk).update(student_number=number)
    elif number:
        FormerStudentNumber.objects.create(student=keep, student_number=number, photo_is_retagged=True)


def _give_number_back(keep: Student, number: str) -> None:
    if keep.student_number == number:
        Student.objects.filter(pk=keep.pk).update(student_number=None)
    FormerStudentNumber.objects.filter(student=keep, student_number=number).delete()
