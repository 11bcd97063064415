"""What a person decides about photos that are on the wrong student: move, remove, exchange, merge.

Each is an operation; nothing is looked for, so nothing is guessed. Call them under the commands' lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from django.utils.translation import gettext_lazy as _

from photostore.audit import Actor
from photostore.errors import CommandRefused, Conflict
from photostore.operations import OperationRunner, run_operation
from photostore.operations.runner import interrupted
from students.models import Student, StudentPhoto
from students.photos import current_photo, subject_of
from students.recovery.change.remove import FIELDS, row_of
from students.slots import PROFILE
from students.versions import names_present_number, version_as_stored

MERGE = "merge_students"


@dataclass(frozen=True)
class Moved:
    """What an operation did: its id, and how many photos it moved."""

    operation: str | None
    photos: int


def finish_killed(command: str, actor: Actor) -> Moved | None:
    """What a killed run of this command had begun, finished; None where there is none.

    A second run must not do it a second time: two photos would be exchanged twice. Merging
    goes on by itself as long as the duplicate is here.
    """
    killed = [one for one in interrupted() if one.command == command]
    if not killed or (command == MERGE and not killed[-1].steps.filter(kind="remove_duplicate").exists()):
        return None
    with run_operation(command, actor) as operation:
        pass
    if operation.id is None:
        return None
    return Moved(operation.id, operation.operation.steps.exclude(kind="remove_duplicate").count())


def move_version(*, source: Student, sha256: str, target: Student, actor: Actor) -> Moved:
    """Give one version to another student; where it was the photo, the one before is the photo again.

    Raises `CommandRefused` for a version that the student never had, `Conflict` where it was changed
    meanwhile.
    """
    photo = _version(source, sha256)
    _refuse_the_same(source, target)
    is_shown = photo.replaced_at is None or not current_photo(target, photo.slot)
    parts = [_given(photo, target, live=is_shown), _removed(photo)]
    with run_operation("move_version", actor) as operation:
        _step(operation, "move_photos", subject_of(target), {"parts": parts})
    return Moved(operation.id, 1)


def remove_version(*, student: Student, sha256: str, actor: Actor) -> Moved:
    """Set one version aside in quarantine; where it was the photo, the one before is the photo again."""
    part = _removed(_version(student, sha256))
    with run_operation("remove_version", actor) as operation:
        _step(operation, part["kind"], subject_of(student), part["details"])
    return Moved(operation.id, 1)


def swap_photos(*, one: Student, other: Student, actor: Actor) -> Moved:
    """Exchange the current photos of two students. Raises `CommandRefused` where one of them has none."""
    _refuse_the_same(one, other)
    ones, others = current_photo(one), current_photo(other)
    if ones is None or others is None:
        raise CommandRefused("Both students need a photo of their own here; see adopt_media for older ones.")
    parts = [_given(others, one, live=True), _given(ones, other, live=True)]
    with run_operation("swap_photos", actor) as operation:
        _step(operation, "move_photos", subject_of(one), {"parts": parts})
    return Moved(operation.id, 2)


def merge_students(*, keep: Student, duplicate: Student, actor: Actor) -> Moved:
    """Give everything of a student who was entered twice to the row that stays, and end the other row.

    A photo of a slot where the one that stays has one becomes a former version. Raises `CommandRefused`.
    Killed and called again, it goes on.
    """
    _refuse_the_same(keep, duplicate)
    if duplicate.profile_photo and not current_photo(duplicate):
        raise CommandRefused("The duplicate's photo is not known yet: run adopt_media first.")
    with run_operation(MERGE, actor) as operation:
        photos = list(duplicate.photos.order_by("uploaded_at", "pk"))
        for photo in sorted(photos, key=lambda photo: photo.replaced_at is None):  # the current ones last
            is_free = photo.replaced_at is None and not current_photo(keep, photo.slot)
            known = StudentPhoto.objects.filter(student=keep, slot=photo.slot)
            is_new = not known.filter(untagged_sha256=photo.untagged_sha256).exists()
            parts = [_given(photo, keep, live=is_free)] if is_new else []
            _step(operation, "move_photos", subject_of(keep), {"parts": [*parts, _removed(photo, after="")]})
        _step(operation, "remove_duplicate", subject_of(duplicate), _ended(keep, duplicate))
    return Moved(operation.id, operation.operation.steps.filter(kind="move_photos").count())


def _refuse_the_same(one: Student, other: Student) -> None:
    if one.pk == other.pk:
        raise CommandRefused("That is the same student twice.")


def _version(student: Student, sha256: str) -> StudentPhoto:
    """By the whole sha256, or its beginning where that is one version's alone."""
    found = list(student.photos.filter(sha256__startswith=sha256.lower())[:2])
    if len(sha256) < 8 or len(found) != 1:
        raise CommandRefused(f"{student.name} has no version {sha256}, or several; the history shows them.")
    return found[0]


def _given(photo: StudentPhoto, target: Student, *, live: bool) -> dict[str, Any]:
    current = current_photo(target, photo.slot)
    shown = current.sha256 if current else target.photo_sha256 if photo.slot == PROFILE else ""
    details = {
        "student": target.pk,
        "student_id": str(target.student_id),
        "slot": photo.slot,
        "live": live,
        "expected_sha256": shown,
        "action": "photo.move" if photo.slot == PROFILE else "attendance.move",
        "how": "version",
        "of": photo.student_id,
        "storage_alias": "default",
        "key": str(photo.file.name),
        "sha256": photo.sha256,
    }
    return {"kind": "change_photo", "details": details}


def _removed(photo: StudentPhoto, *, after: str | None = None) -> dict[str, Any]:
    student, was_current = Student.objects.get(pk=photo.student_id), photo.replaced_at is None
    details = {
        "student": student.pk,
        "student_id": str(student.student_id),
        "slot": photo.slot,
        "sha256": photo.sha256,
        "key": str(photo.file.name),
        "storage_alias": "default",
        "row": row_of(photo),
        "was_current": was_current,
        "next": (_one_before(photo) if after is None else after) if was_current else "",
    }
    return {"kind": "remove_version", "details": details}


def _one_before(photo: StudentPhoto) -> str:
    """The version that was replaced last; not one with another number inside, which would be a new one."""
    student = Student.objects.get(pk=photo.student_id)
    former = StudentPhoto.objects.filter(student=student, slot=photo.slot).exclude(pk=photo.pk)
    last = former.exclude(replaced_at=None).order_by("-replaced_at", "-pk").first()
    if last is None or not names_present_number(student, version_as_stored(student, last)):
        return ""
    return last.sha256


def _ended(keep: Student, duplicate: Student) -> dict[str, Any]:
    duplicate.refresh_from_db()
    return {
        "student": duplicate.pk,
        "student_id": str(duplicate.student_id),
        "keep": keep.pk,
        "keep_id": str(keep.student_id),
        "row": msgspec.to_builtins({name: getattr(duplicate, name) for name in FIELDS}),
    }


def _step(operation: OperationRunner, kind: str, subject: str, details: dict[str, Any]) -> None:
    if not operation.step(kind, subject=subject, details=details):
        raise Conflict(_("Nothing more was changed: %(why)s") % {"why": operation.why})
