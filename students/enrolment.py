"""Use cases: a student is added, changed, removed."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from photostore.audit import Actor, record
from photostore.errors import Conflict, ExportsPending, FileMissing, NotFound, StorageUnavailable
from photostore.register.after_commit import drain_leftovers, finish_commit
from photostore.register.outbox import drain
from photostore.register.persistence import next_id, stored
from students.models import Student, StudentPhoto
from students.photos import (
    clear_names,
    clear_names_of_todays,
    current_photo,
    go_live,
    is_same_photo,
    refuse_anothers,
    subject_of,
)
from students.renumbering import mark_retagged
from students.right_person import Finding, findings, looks_of
from students.versions import IncomingPhoto, Version, new_version, owner_of, retagged_version

logger = logging.getLogger(__name__)


def create_student(
    *,
    fields: dict[str, Any],
    actor: Actor,
    incoming: IncomingPhoto | None = None,
    confirmed: Collection[str] = (),
) -> Student:
    """Add a student, with a photo where one is given: both are there afterwards, or neither.

    Raises `Conflict` when the number was taken at the same moment, `AnotherPerson` for a picture of somebody
    else unless its findings are `confirmed`, `StorageUnavailable`.
    """
    student = Student(pk=next_id(Student), **fields)
    owner = owner_of(student)
    if incoming:
        clear_names(student, actor, incoming.clean.picture.extension)
    with owner.locked():
        version = _new_photo(student, incoming, actor, confirmed) if incoming else None
        file_set = version.file_set if version else None
        with _one_number_each(), stored(file_set):
            student.save(force_insert=True)
            record(actor, "student.create", subject=subject_of(student))
            if version:
                go_live(student, version, actor, "photo.upload")
        if version:
            _finish_or_take_back(student, version, actor)
    return student


def _finish_or_take_back(student: Student, version: Version, actor: Actor) -> None:
    """Neither student nor photo when the safe copy cannot be written: sending it again must not add two."""
    try:
        finish_commit(owner_of(student), original=version.file_set.original)
    except ExportsPending as error:
        delete_student(student=student, actor=actor)
        raise StorageUnavailable from error


def update_student(
    *,
    student: Student,
    fields: dict[str, Any],
    actor: Actor,
    incoming: IncomingPhoto | None = None,
    confirmed: Collection[str] = (),
) -> Student:
    """Change a student's fields, and the photo where one is given: both, or neither.

    A new number goes into the photo as well: the same picture becomes a new version with a new
    identity, so that a photo can be found by the number that its student has. Raises as
    `create_student`, `NotFound`, and `ExportsPending` (changed, but send it again).
    """
    owner = owner_of(student)
    if incoming:
        clear_names(student, actor, incoming.clean.picture.extension)
    elif "student_number" in fields:
        clear_names_of_todays(student, actor)
    with owner.locked():
        before = Student.objects.filter(pk=student.pk).first()
        if before is None:
            raise NotFound
        current = current_photo(before)
        if incoming and current and is_same_photo(current, incoming):
            incoming = None
        old_number = before.student_number
        changed = _changed(before, fields)
        if not changed and not incoming:
            finish_commit(owner)
            return before
        number_changed = before.student_number != old_number
        version = _next_version(before, incoming, actor, confirmed, number_changed=number_changed)
        _save(before, changed, version, actor, "photo.upload" if incoming else "photo.retag")
    if incoming:
        drain_leftovers()
    return before


def _save(student: Student, changed: list[str], version: Version | None, actor: Actor, action: str) -> None:
    owner = owner_of(student)
    file_set = version.file_set if version else None
    with _one_number_each(), stored(file_set):
        Student.objects.select_for_update().get(pk=student.pk)
        if changed:
            student.save(update_fields=[*changed, "updated_at"])
            record(actor, "student.update", subject=subject_of(student))
        if version:
            go_live(student, version, actor, action)
            mark_retagged(student)
    if version:
        finish_commit(owner, original=version.file_set.original)


def _changed(student: Student, fields: dict[str, Any]) -> list[str]:
    """The names of the fields that are given another value; they have it afterwards."""
    changed = [name for name, value in fields.items() if getattr(student, name) != value]
    for name in changed:
        setattr(student, name, fields[name])
    return changed


def warnings_of(student: Student, incoming: IncomingPhoto | None) -> list[Finding]:
    """What a picture that was just handed in may be besides, without having been stopped."""
    current = current_photo(student) if incoming else None
    if current is None or incoming is None:
        return []
    return [one for one in findings(student, looks_of(current, named=incoming.named)) if not one.stops]


def _new_photo(
    student: Student, incoming: IncomingPhoto, actor: Actor, confirmed: Collection[str]
) -> Version:
    version = new_version(student, incoming, actor)
    looks = looks_of(version.photo, named=incoming.named)
    refuse_anothers(student, looks, confirmed=confirmed, actor=actor)
    return version


def _next_version(
    student: Student,
    incoming: IncomingPhoto | None,
    actor: Actor,
    confirmed: Collection[str],
    *,
    number_changed: bool,
) -> Version | None:
    """The new photo; without one, today's under the new number."""
    if incoming:
        return _new_photo(student, incoming, actor, confirmed)
    today = current_photo(student)
    return _with_new_number(student, today, actor) if number_changed and today else None


def delete_student(*, student: Student, actor: Actor) -> None:
    """Remove a student. Every version of the photo moves to quarantine, byte for byte."""
    owner = owner_of(student)
    with owner.locked():
        with transaction.atomic(durable=True):
            found = Student.objects.select_for_update().filter(pk=student.pk).first()
            if found is None:
                raise NotFound
            record(actor, "student.delete", subject=subject_of(found), old_sha256=found.photo_sha256)
            found.delete()
        drain(owner)


def _with_new_number(student: Student, today: StudentPhoto, actor: Actor) -> Version | None:
    """Today's photo under the new number. A photo that is lost does not stop a number from changing."""
    try:
        return retagged_version(student, today, actor)
    except FileMissing:
        logger.exception("The photo of %s is missing or damaged.", subject_of(student))
        return None


@contextmanager
def _one_number_each() -> Iterator[None]:
    """Turn the database's refusal of a second owner of a number into `Conflict`."""
    try:
        yield
    except IntegrityError as error:
        if "student_number" not in str(error):
            raise
        raise Conflict(
            _("Another student has this number."), code="number_taken", field="student_number"
        ) from error
