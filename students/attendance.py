"""Use cases: attendance photos, one for each student, date and half of the day."""

from __future__ import annotations

import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from photostore import keys
from photostore.audit import Actor, record
from photostore.errors import Conflict, NotFound
from photostore.owners import Owner
from photostore.register import Publication, publish
from photostore.register.outbox import drain
from photostore.register.persistence import next_id, stored
from photostore.register.settling import settle
from students import identity
from students.models import ATTENDANCE_LABEL, AttendancePhoto, Student
from students.photos import subject_of
from students.versions import IncomingPhoto, owner_of, publication_of


def attendance_owner(pk: int) -> Owner:
    """An attendance photo, as the register knows it."""
    return Owner(ATTENDANCE_LABEL, str(pk))


def moment(date: datetime.date, session: str) -> str:
    """`2026-11-21_AM`: how keys and identities name a half-day."""
    return f"{date:%Y-%m-%d}_{session}"


def upload_attendance_photo(
    *,
    student: Student,
    date: datetime.date,
    session: str,
    incoming: IncomingPhoto,
    actor: Actor,
    replace: bool = False,
) -> AttendancePhoto:
    """Keep the photo of a half-day.

    Raises `Conflict` (`attendance_photo_exists`) where there is one already, unless `replace`; the one
    before then stays as a former version. Raises `NotFound`, `StorageAway`, `CopiesPending`.
    """
    # The student's lock: the sweep holds it while it takes a file out of this student's folder.
    with owner_of(student).locked():
        if not Student.objects.filter(pk=student.pk).exists():
            raise NotFound
        there = AttendancePhoto.objects.filter(student=student, date=date, session=session).first()
        if there is not None and not replace:
            raise _exists_already()
        photo = _row(student, date, session, incoming, actor)
        photo.pk = there.pk if there else next_id(AttendancePhoto)
        _put_in_place(student, photo, incoming, actor, old_sha256=there.sha256 if there else "")
    return photo


def _put_in_place(
    student: Student, photo: AttendancePhoto, incoming: IncomingPhoto, actor: Actor, *, old_sha256: str
) -> None:
    owner = attendance_owner(photo.pk)
    with owner.locked():
        publication = _publication(student, photo, incoming)
        with stored(publication, owner=owner, actor=actor):
            _save(student, photo, new=not old_sha256)
            publish(owner, publication)
            record(
                actor,
                "attendance.upload",
                subject=f"{subject_of(student)} {moment(photo.date, photo.session)}",
                old_sha256=old_sha256,
                new_sha256=photo.sha256,
            )
        settle(owner, original=publication.original)


def delete_attendance_photo(*, photo: AttendancePhoto, actor: Actor) -> None:
    """Remove the photo of a half-day; its versions move to quarantine. Raises `NotFound`."""
    owner = attendance_owner(photo.pk)
    # The student's lock too: an upload of the same picture would publish the key that is given up here.
    with owner_of(photo.student).locked(), owner.locked():
        with transaction.atomic(durable=True):
            found = AttendancePhoto.objects.select_for_update().filter(pk=photo.pk).first()
            if found is None:
                raise NotFound
            subject = f"{subject_of(found.student)} {moment(found.date, found.session)}"
            record(actor, "attendance.delete", subject=subject, old_sha256=found.sha256)
            found.delete()
        drain(owner)


def _row(
    student: Student, date: datetime.date, session: str, incoming: IncomingPhoto, actor: Actor
) -> AttendancePhoto:
    picture = incoming.clean.picture
    return AttendancePhoto(
        student=student,
        date=date,
        session=session,
        file=keys.student_attendance(student.student_id, date, session),
        untagged_sha256=picture.sha256,
        source_sha256=incoming.clean.source_sha256,
        width=picture.width,
        height=picture.height,
        content_type=picture.content_type,
        original_filename=incoming.filename[:255],
        uploaded_by_id=actor.id,
        uploaded_by=actor.name,
        uploaded_at=timezone.now(),
    )


def _publication(student: Student, photo: AttendancePhoto, incoming: IncomingPhoto) -> Publication:
    """The tag names the half-day, so that these bytes are never those of another photo of the student."""
    data = identity.tag(
        incoming.clean.picture.data,
        student_id=student.student_id,
        student_number=student.student_number,
        attendance=moment(photo.date, photo.session),
    )
    publication = publication_of(
        student,
        incoming.clean.picture,
        data,
        copies=[("default", str(photo.file.name))],
        thumbnails=incoming.clean,
    )
    photo.sha256 = publication.original.sha256
    return publication


def _save(student: Student, photo: AttendancePhoto, *, new: bool) -> None:
    if not Student.objects.select_for_update().filter(pk=student.pk).exists():
        raise NotFound
    try:
        with transaction.atomic():
            photo.save(force_insert=new, force_update=not new)
    except IntegrityError as error:
        raise _exists_already() from error


def _exists_already() -> Conflict:
    return Conflict(
        _("There is a photo for this date and session already. Send it with ?replace=true to replace it."),
        code="attendance_photo_exists",
    )
