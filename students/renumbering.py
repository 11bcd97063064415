"""A photo follows its student's number, also when the number was changed by SQL.

The identity inside a photo names the number that its student had. After a reseed that may be all the evidence
there is, so an outdated one would give the photo to the student who has that number now. A trigger writes the
former number down, whatever changes it; what `students.enrolment` did not see to itself, the worker does
within a minute.
"""

from __future__ import annotations

import logging

from photostore.audit import Actor
from photostore.errors import FileMissing, InvalidFile, PhotostoreError
from photostore.register.after_commit import finish_commit
from photostore.register.persistence import stored
from students import identity
from students.models import Student, StudentPhoto
from students.photos import clear_names_of_todays, go_live, subject_of
from students.versions import Version, owner_of, retagged_version, stored_bytes

logger = logging.getLogger(__name__)

STUDENTS_PER_ROUND = 100


def retag_some(actor: Actor) -> int:
    """Retag the photos of students whose numbers changed; the number of students looked at."""
    waiting = Student.objects.filter(former_numbers__photo_is_retagged=False).distinct()
    done = 0
    for student in waiting.order_by("pk")[:STUDENTS_PER_ROUND]:
        try:
            retag_photo(student=student, actor=actor)
            done += 1
        except (PhotostoreError, Student.DoesNotExist):
            logger.exception("The photo of %s keeps its former number for now.", subject_of(student))
    return done


def retag_photo(*, student: Student, actor: Actor) -> None:
    """Put the student's present number into today's photo, as a new version of the same picture.

    A photo whose identity names another student stays as it is: `verify_media` names it. Raises
    `StorageUnavailable`, `NameTaken`.
    """
    owner = owner_of(student)
    clear_names_of_todays(student, actor)
    with owner.locked():
        version = _next_version(student, actor)
        file_set = version.file_set if version else None
        with stored(file_set):
            student = Student.objects.select_for_update().get(pk=student.pk)
            if version:
                go_live(student, version, actor, "photo.retag")
            mark_retagged(student)
        if version:
            finish_commit(owner, original=version.file_set.original)


def mark_retagged(student: Student) -> None:
    """Today's photo has the present number inside, or there is none; in the caller's transaction."""
    student.former_numbers.filter(photo_is_retagged=False).update(photo_is_retagged=True)


def _next_version(student: Student, actor: Actor) -> Version | None:
    student.refresh_from_db()
    today = StudentPhoto.objects.of_profile().filter(student=student, replaced_at=None).first()
    if today is None:
        return None
    try:
        inside = identity.read(stored_bytes(today))
        if inside is None or inside.student_id != student.student_id:
            return None
        version = retagged_version(student, today, actor)
    except (FileMissing, InvalidFile):
        logger.exception("The photo of %s is missing or damaged.", subject_of(student))
        return None
    return version if version.photo._state.adding else None
