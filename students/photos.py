"""Use cases: a student's photo comes in, goes away, and comes back.

Every change follows the order of `photostore.register`: bytes, rows, copies; all under the student's
lock, with no transaction open while bytes travel.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from photostore.audit import Actor, record
from photostore.errors import FileMissing, NotFound
from photostore.register import publish, retire
from photostore.register.persistence import stored
from photostore.register.settling import drain_leftovers, settle
from students.models import SHA256_COLUMNS, Student, StudentPhoto
from students.todays import versions_of
from students.tombstones import lift
from students.unadopted import keep_unadopted
from students.versions import (
    IncomingPhoto,
    Version,
    new_version,
    owner_of,
    retagged_version,
    stored_bytes,
)


@dataclass(frozen=True, slots=True)
class PhotoChange:
    """The student afterwards, and whether anything changed."""

    student: Student
    changed: bool


def upload_photo(*, student: Student, incoming: IncomingPhoto, actor: Actor) -> PhotoChange:
    """Make `incoming` the student's photo; the one before stays in the history.

    The file that is already today's photo changes nothing. Raises `NotFound` for a student who is gone
    by now, `StorageAway` (nothing changed), `CopiesPending` (changed, but send it again).
    """
    owner = owner_of(student)
    with owner.locked():
        student = _fresh(student)
        if is_todays_photo(student, incoming):
            settle(owner)
            return PhotoChange(student, changed=False)
        version = new_version(student, incoming, actor)
        keep_unadopted(student, actor, besides=version)
        with stored(version.publication, owner=owner, actor=actor):
            student = _fresh(student, lock=True)
            go_live(student, version, actor, "photo.upload")
        settle(owner, original=version.publication.original)
    drain_leftovers()
    return PhotoChange(student, changed=True)


def restore_version(*, student: Student, sha256: str, actor: Actor) -> PhotoChange:
    """Make an earlier version the student's photo again.

    Where the student's number has changed since, a new version with the present identity goes live.
    Raises `NotFound` for a version that this student never had, `FileMissing` when its bytes are gone
    or damaged.
    """
    owner = owner_of(student)
    with owner.locked():
        student = _fresh(student)
        photo = versions_of(student).filter(sha256=sha256).first()
        if photo is None:
            raise NotFound
        if photo.replaced_at is None:
            settle(owner)
            return PhotoChange(student, changed=False)
        version = retagged_version(student, photo, actor)
        keep_unadopted(student, actor)
        with stored(version.publication, owner=owner, actor=actor):
            student = _fresh(student, lock=True)
            go_live(student, version, actor, "photo.restore")
        settle(owner, original=version.publication.original)
    return PhotoChange(student, changed=True)


def remove_photo(*, student: Student, actor: Actor) -> Student:
    """Leave the student without a photo; the version stays in the history. Raises `NotFound`."""
    owner = owner_of(student)
    with owner.locked():
        keep_unadopted(_fresh(student), actor)
        with transaction.atomic(durable=True):
            student = _fresh(student, lock=True)
            if not student.profile_photo:
                raise NotFound(_("This student has no photo."), code="no_photo")
            record(actor, "photo.remove", subject=subject_of(student), old_sha256=student.photo_sha256)
            _retire_todays_version(student)
            retire(owner)
            student.profile_photo, student.photo_sha256 = "", ""
            student.photo_updated_at = timezone.now()
            student.save(update_fields=["profile_photo", "photo_sha256", "photo_updated_at", "updated_at"])
        settle(owner)
    return student


def go_live(student: Student, version: Version, actor: Actor, action: str) -> None:
    """The rows that make `version` today's photo, in the caller's transaction; `student` is locked."""
    record(
        actor,
        action,
        subject=subject_of(student),
        old_sha256=student.photo_sha256,
        new_sha256=version.photo.sha256,
    )
    if action == "photo.upload":
        lift(getattr(version.photo, column) for column in SHA256_COLUMNS)
    _retire_todays_version(student)
    _save_version(student, version.photo)
    publish(owner_of(student), version.publication)
    (_alias, documented_key), *_others = version.publication.copies
    student.profile_photo = documented_key
    student.photo_sha256 = version.photo.sha256
    student.photo_updated_at = timezone.now()
    student.save(update_fields=["profile_photo", "photo_sha256", "photo_updated_at", "updated_at"])


def subject_of(student: Student) -> str:
    """How audit rows name a student: without the name, which must be erasable."""
    return f"student {student.student_id}"


def _save_version(student: Student, photo: StudentPhoto) -> None:
    """Insert the version, or bring back the row that has the same bytes."""
    photo.student, photo.replaced_at = student, None
    if photo._state.adding:
        known = StudentPhoto.objects.filter(student=student, sha256=photo.sha256).only("pk").first()
        photo.pk, photo._state.adding = (known.pk, False) if known else (None, True)
    photo.save()


def _retire_todays_version(student: Student) -> None:
    StudentPhoto.objects.filter(student=student, replaced_at=None).update(replaced_at=timezone.now())


def is_todays_photo(student: Student, incoming: IncomingPhoto) -> bool:
    """Whether the very same file is today's photo, and its bytes are there as well."""
    today = StudentPhoto.objects.filter(student=student, replaced_at=None).first()
    if today is None or today.source_sha256 != incoming.clean.source_sha256:
        return False
    # A photo whose bytes were lost or damaged is healed by handing it in again, not waved away as known.
    try:
        stored_bytes(today)
    except FileMissing:
        return False
    return True


def _fresh(student: Student, *, lock: bool = False) -> Student:
    students = Student.objects.select_for_update() if lock else Student.objects.all()
    found = students.filter(pk=student.pk).first()
    if found is None:
        raise NotFound
    return found
