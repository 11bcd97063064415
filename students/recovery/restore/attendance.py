"""The act that links one attendance photo again."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from photostore import keys
from photostore.audit import record
from photostore.errors import Changed
from photostore.models import Act, PendingRemoval, StoredFile
from photostore.operations import ActKind
from photostore.register import publish, store
from photostore.register.outbox import drain
from photostore.register.settling import settle
from students.attendance import attendance_owner, moment
from students.models import AttendancePhoto, Student
from students.photos import subject_of
from students.recovery.backups import BackedUpAttendance
from students.recovery.legacy.spots import bring_others_back, needed_bytes, set_aside, version_of
from students.recovery.reassign.ground import write_down
from students.recovery.restore.entries import ATTENDANCE_COLUMNS, entry_of
from students.recovery.restore.relink import OPERATOR
from students.versions import owner_of


class RelinkAttendance(ActKind):
    """Details: as `Relink`'s, of one photo: `sha256`, `key`, `sources`, `was_there`, `kept`, `aside`.

    `moment`: the same bytes may be the photo of several half-days, and one of them is meant. `has_row`: the
    row is here, and only the register had forgotten it; an undo leaves the row. Written down before taking
    it back: `photos`, the rows.
    """

    name = "relink_attendance"

    def perform(self, act: Act) -> None:
        """Under the student's lock, as uploads of attendance photos and the erasure are."""
        details = act.details
        student = Student.objects.filter(pk=details["student"], student_id=details["student_id"]).first()
        if student is None:
            raise Changed(_("The student is no longer here."))
        entry = next((item for item in entry_of(act).attendance if _is_meant(item, details)), None)
        if entry is None:
            raise Changed(_("There is another photo of this half-day by now."))
        with owner_of(student).locked():
            there = _there(student, entry)
            if there is not None and there.sha256 != entry.sha256:
                raise Changed(_("There is another photo of this half-day by now."))
            self._link(act, student, entry, there)

    def _link(
        self, act: Act, student: Student, entry: BackedUpAttendance, there: AttendancePhoto | None
    ) -> None:
        details = act.details
        documented = keys.student_attendance(student.student_id, entry.date, entry.session)
        data = needed_bytes([*details["sources"], ("default", details["key"])], entry.sha256)
        publication = version_of(
            student,
            data,
            content_type=entry.content_type,
            width=entry.width,
            height=entry.height,
            copies=[("default", documented)],
        )
        store(publication, ground_is_clear=True)
        set_aside(act.operation_id, details["aside"], owner_of(student).files)
        with transaction.atomic(durable=True):
            values: dict[str, Any] = {name: getattr(entry, name) for name in ATTENDANCE_COLUMNS}
            photo = there or AttendancePhoto.objects.create(student=student, file=documented, **values)
            publish(attendance_owner(photo.pk), publication)
            subject = f"{subject_of(student)} {moment(entry.date, entry.session)}"
            record(OPERATOR, "attendance.relink", subject=subject, new_sha256=entry.sha256)
        settle(attendance_owner(photo.pk), original=publication.original)

    def revert(self, act: Act) -> None:
        """Take the row away again, unless it was there, and the bytes that were put down for it."""
        details = act.details
        if not details["was_there"]:
            needed_bytes([*details["sources"], *details["kept"]], details["sha256"])
        photos = AttendancePhoto.objects.filter(student__student_id=details["student_id"])
        meant = [one for one in photos if _is_meant(one, details)]
        if meant:
            # A kill after the commit leaves bytes to remove and no row that says whose.
            write_down(act, photos=[photo.pk for photo in meant])
        for photo in meant:
            with attendance_owner(photo.pk).locked():
                _unlink(photo, details)
        for pk in details.get("photos", ()):
            with attendance_owner(pk).locked():
                drain(attendance_owner(pk))
        bring_others_back(act.operation_id, details["aside"], details["sha256"])


def _unlink(photo: AttendancePhoto, details: dict[str, Any]) -> None:
    """Rows as before. The outbox gets the files; those that were there before are taken out of it again."""
    owner = attendance_owner(photo.pk)
    with transaction.atomic(durable=True):
        _leave_shared_bytes(photo, details["key"])
        if details.get("has_row"):
            files = StoredFile.objects.filter(key=details["key"], **owner.files)
            files.update(keep_aside=False)
            files.delete()
        else:
            StoredFile.objects.filter(**owner.files).update(keep_aside=False)
            photo.delete()
        kept = [key for _alias, key in details["kept"]]
        kept += [details["key"]] if details["was_there"] else []
        PendingRemoval.objects.filter(key__in=kept, **owner.files).delete()


def _is_meant(photo: BackedUpAttendance | AttendancePhoto, details: dict[str, Any]) -> bool:
    """Journals of before knew the bytes only."""
    half_day = moment(photo.date, photo.session)
    return (photo.sha256, half_day) == (details["sha256"], details.get("moment", half_day))


def _leave_shared_bytes(photo: AttendancePhoto, key: str) -> None:
    """Another half-day with the very same bytes keeps the version and its thumbnails."""
    others = AttendancePhoto.objects.filter(student=photo.student, sha256=photo.sha256)
    other = others.exclude(pk=photo.pk).first()
    if other is not None:
        shared = Q(key=key) | Q(parent__key=key, kind=StoredFile.Kind.DERIVATIVE)
        files = StoredFile.objects.filter(shared, **attendance_owner(photo.pk).files)
        files.update(**attendance_owner(other.pk).files)


def _there(student: Student, entry: BackedUpAttendance) -> AttendancePhoto | None:
    return AttendancePhoto.objects.filter(student=student, date=entry.date, session=entry.session).first()
