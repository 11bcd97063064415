"""The act that gives a file to a student, as today's photo or as a former one."""

from __future__ import annotations

import hashlib

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from photostore import keys
from photostore.audit import record
from photostore.errors import Changed, FileMissing
from photostore.models import Act, StoredFile
from photostore.operations import ActKind
from photostore.operations.quarantine import sha256_of
from photostore.register import retire, store
from photostore.register.settling import settle
from students.models import Student, StudentPhoto
from students.photos import go_live, subject_of
from students.recovery.reassign.ground import clear_ground, give_ground_back, targets_of, write_down
from students.recovery.reassign.sources import actor_of, source_bytes, student_of, taken_in
from students.unadopted import (
    add_former,
    is_unadopted,
    keep_former,
    unadopted_bytes,
    unadopted_version,
)
from students.versions import Version, new_version, owner_of, retagged_version


class GivePhoto(ActKind):
    """Makes a stray file a version of a student's photo.

    Details: `student`, `student_id`; `storage_alias`, `key`, `sha256` of the file and its `modified_at`;
    `live` (else a former version); `expected_sha256`, the photo that the plan saw; `origin`. Written down
    before acting: `new_sha256`, `created` (there was no such version before), `photo_updated_at` before,
    `displaced`; `before`, the row's own word of a photo that was never adopted: `profile_photo`,
    `photo_sha256`, the `file_sha256` of what lay there, and the sha256 and key of the former version that it
    became (`kept`, `kept_key`; empty where it became none).
    """

    name = "give_photo"

    def perform(self, act: Act) -> None:
        """Take the file in and publish it. Raises `Changed` when the student has another photo by now."""
        student = student_of(act)
        owner = owner_of(student)
        with owner.locked():
            student = student_of(act)
            if _stands(act, student):
                settle(owner)
                return
            _expect(act, student)
            version = _version(act, student)
            _write_down_before(act, student, version)
            if act.details["live"] and is_unadopted(student):
                _keep_before(act, student, version)
            original = version.publication.original
            clear_ground(act, _targets(act, version), ours=original.data, owner=owner)
            store(version.publication, ground_is_clear=True)
            with transaction.atomic(durable=True):
                _expect(act, Student.objects.select_for_update().get(pk=student.pk))
                if act.details["live"]:
                    go_live(student, version, actor_of(act), f"photo.{act.details['origin']}")
                else:
                    add_former(student, version, actor_of(act))
            settle(owner, original=original)

    def revert(self, act: Act) -> None:
        """Take the version away for good, and bring back what was before."""
        student = student_of(act)
        owner = owner_of(student)
        with owner.locked():
            student = student_of(act)
            if _is_done(act, student):
                _check_revertible(act, student)
                source_bytes(act)  # purged meanwhile? Then the version is all that is left, and stays
                _revert_rows(act, student)
            settle(owner)
            give_ground_back(act, owner)


def _stands(act: Act, student: Student) -> bool:
    """Whether an earlier try came as far as its commit."""
    return _is_done(act, student) and (not act.details["live"] or _is_live(act, student))


def _is_live(act: Act, student: Student) -> bool:
    return bool(student.photo_sha256) and student.photo_sha256 == act.details.get("new_sha256")


def _is_done(act: Act, student: Student) -> bool:
    if not act.details.get("created", True):
        return _is_live(act, student)
    photos = StudentPhoto.objects.filter(student=student, sha256=act.details.get("new_sha256"))
    return photos.exists()


def _expect(act: Act, student: Student) -> None:
    if act.details["live"] and student.photo_sha256 != act.details["expected_sha256"]:
        raise Changed(_("The student has another photo by now."))


def _version(act: Act, student: Student) -> Version:
    version = new_version(student, taken_in(act), actor_of(act))
    at = parse_datetime(act.details["modified_at"])
    if at and not act.details["live"]:
        version.photo.uploaded_at = min(at, timezone.now())
    return version


def _write_down_before(act: Act, student: Student, version: Version) -> None:
    known = StudentPhoto.objects.filter(student=student, sha256=version.photo.sha256).exists()
    if known and not act.details["live"]:
        raise Changed(_("The student has this photo already."))
    at = student.photo_updated_at
    write_down(
        act,
        new_sha256=version.photo.sha256,
        new_key=version.publication.original.key,
        created=not known,
        photo_updated_at=at and at.isoformat(),
    )


def _keep_before(act: Act, student: Student, version: Version) -> None:
    """What only the row names: a former version from now on, and written down for the way back."""
    former = unadopted_version(student, actor_of(act), besides=version)
    if "before" not in act.details:  # else a first, killed try did so, and perhaps moved the file since
        data = unadopted_bytes(student)
        row = {"profile_photo": str(student.profile_photo), "photo_sha256": student.photo_sha256}
        row["file_sha256"] = hashlib.sha256(data).hexdigest() if data else ""
        row["kept"] = former.photo.sha256 if former else ""
        row["kept_key"] = str(former.photo.file) if former else ""
        write_down(act, before=row)
    if former:
        keep_former(student, former, actor_of(act))


def _targets(act: Act, version: Version) -> list[tuple[str, str]]:
    targets = targets_of(version.publication)
    return targets if act.details["live"] else targets[:1]


def _check_revertible(act: Act, student: Student) -> None:
    if _is_live(act, student) != act.details["live"]:
        raise Changed(_("The student's photo was changed since."))


def _revert_rows(act: Act, student: Student) -> None:
    row, before = act.details.get("before"), None
    if row:
        _look_for_the_file_before(act, row)
    elif act.details["live"]:
        before = _photo_before(act, student)
    with transaction.atomic(durable=True):
        student = Student.objects.select_for_update().get(pk=student.pk)
        _check_revertible(act, student)
        if before:
            go_live(student, before, actor_of(act), "photo.undo")
        elif act.details["live"]:
            _leave_without_version(act, student, row or {"profile_photo": "", "photo_sha256": ""})
        if act.details["live"]:
            at = act.details["photo_updated_at"]
            Student.objects.filter(pk=student.pk).update(photo_updated_at=at and parse_datetime(at))
        if act.details["created"]:
            _forget_version(student, act.details["new_sha256"], act.details["new_key"])
        if row and row["kept"]:
            _forget_version(student, row["kept"], row["kept_key"])


def _look_for_the_file_before(act: Act, row: dict[str, str]) -> None:
    """Where it lay, or where this operation moved it. Raises `Changed`: else the row would name nothing."""
    places = (row["profile_photo"], keys.quarantined(act.operation_id, row["profile_photo"]))
    if row["file_sha256"] and row["file_sha256"] not in [sha256_of("default", key) for key in places]:
        raise Changed(_("The photo from before is gone."))


def _photo_before(act: Act, student: Student) -> Version | None:
    sha256 = act.details["expected_sha256"]
    if not sha256:
        return None
    photo = StudentPhoto.objects.filter(student=student, sha256=sha256).first()
    if photo is None:
        raise Changed(_("The photo from before is gone."))
    try:
        version = retagged_version(student, photo, actor_of(act))
    except FileMissing as error:
        raise Changed(_("The photo from before is gone.")) from error
    if version.photo.pk != photo.pk:
        raise Changed(_("The student's number was changed since."))
    return version


def _leave_without_version(act: Act, student: Student, row: dict[str, str]) -> None:
    """No photo, or one that only the row knows."""
    sha256s = {"old_sha256": student.photo_sha256, "new_sha256": row["photo_sha256"]}
    record(actor_of(act), "photo.undo", subject=subject_of(student), **sha256s)
    StudentPhoto.objects.filter(student=student, replaced_at=None).update(replaced_at=timezone.now())
    retire(owner_of(student))
    Student.objects.filter(pk=student.pk).update(
        profile_photo=row["profile_photo"], photo_sha256=row["photo_sha256"], updated_at=timezone.now()
    )


def _forget_version(student: Student, sha256: str, key: str) -> None:
    """For good, not to quarantine: the file that it was made from comes back under its own name."""
    StudentPhoto.objects.filter(student=student, sha256=sha256).delete()
    files = StoredFile.objects.filter(storage_alias="default", key=key)
    files.update(keep_aside=False)
    files.delete()
