"""The act that gives an attendance photo to a student."""

from __future__ import annotations

import datetime
import hashlib

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from photostore import keys
from photostore.audit import record
from photostore.errors import Changed, Conflict, NotFound
from photostore.models import Act, StoredFile
from photostore.operations import ActKind
from photostore.register.outbox import drain
from photostore.register.settling import settle
from students import identity
from students.attendance import attendance_owner, moment, upload_attendance_photo
from students.models import AttendancePhoto, Student
from students.photos import subject_of
from students.recovery.reassign.ground import clear_ground, give_ground_back, write_down
from students.recovery.reassign.sources import actor_of, source_bytes, student_of, taken_in
from students.versions import IncomingPhoto, owner_of


class GiveAttendance(ActKind):
    """Makes a stray file the attendance photo of a half-day; one that is there already stays.

    Details: `student`, `student_id`, `moment` (`2026-11-21_AM`); `storage_alias`, `key`, `sha256`,
    `origin`. Written down before acting: `new_sha256`, `displaced`, and `photo` before taking it back.
    """

    name = "give_attendance"

    def perform(self, act: Act) -> None:
        """Take the file in. Raises `Changed` where another photo of that half-day is there by now."""
        student = student_of(act)
        with owner_of(student).locked():
            there = _photo(act, student)
            if there:
                if there.sha256 != act.details.get("new_sha256"):
                    raise Changed(_("There is a photo for this date and session already."))
                settle(attendance_owner(there.pk))
                return
            incoming = taken_in(act)
            data = _tagged(act, student, incoming)
            write_down(act, new_sha256=hashlib.sha256(data).hexdigest())
            clear_ground(act, _targets(act, student, incoming), ours=data)
            self._upload(act, student, incoming)

    def _upload(self, act: Act, student: Student, incoming: IncomingPhoto) -> None:
        date, session = _half_day(act)
        try:
            upload_attendance_photo(
                student=student, date=date, session=session, incoming=incoming, actor=actor_of(act)
            )
        except (Conflict, NotFound) as error:
            raise Changed(str(error)) from error

    def revert(self, act: Act) -> None:
        """Take it away for good. Raises `Changed` where it was replaced since."""
        student = student_of(act)
        with owner_of(student).locked():
            there = _photo(act, student)
            if there:
                if there.sha256 != act.details["new_sha256"]:
                    raise Changed(_("The attendance photo was changed since."))
                source_bytes(act)  # purged meanwhile? Then the version is all that is left, and stays
                # A kill after the commit leaves bytes to remove and no row that says whose.
                write_down(act, photo=there.pk)
            owner = attendance_owner(act.details.get("photo", 0))
            with owner.locked():
                if there:
                    _forget(act, there)
                drain(owner)
                give_ground_back(act, owner)


def _forget(act: Act, photo: AttendancePhoto) -> None:
    with transaction.atomic(durable=True):
        found = AttendancePhoto.objects.select_for_update().filter(pk=photo.pk).first()
        if found is None or found.sha256 != act.details["new_sha256"]:
            raise Changed(_("The attendance photo was changed since."))
        subject = f"{subject_of(found.student)} {act.details['moment']}"
        record(actor_of(act), "attendance.undo", subject=subject, old_sha256=found.sha256)
        StoredFile.objects.filter(**attendance_owner(photo.pk).files).update(keep_aside=False)
        found.delete()


def _half_day(act: Act) -> tuple[datetime.date, str]:
    date, session = act.details["moment"].split("_")
    try:
        return datetime.date.fromisoformat(date), session
    except ValueError as error:
        raise Changed(_("The file's name says a date that there is not.")) from error


def _photo(act: Act, student: Student) -> AttendancePhoto | None:
    date, session = _half_day(act)
    return AttendancePhoto.objects.filter(student=student, date=date, session=session).first()


def _tagged(act: Act, student: Student, incoming: IncomingPhoto) -> bytes:
    return identity.tag(
        incoming.clean.picture.data,
        student_id=student.student_id,
        student_number=student.student_number,
        attendance=moment(*_half_day(act)),
    )


def _targets(act: Act, student: Student, incoming: IncomingPhoto) -> list[tuple[str, str]]:
    date, session = _half_day(act)
    version = keys.student_version(
        student.student_id, act.details["new_sha256"], incoming.clean.picture.extension
    )
    return [("default", version), ("default", keys.student_attendance(student.student_id, date, session))]
