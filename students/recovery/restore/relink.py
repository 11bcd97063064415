"""The act that links a student's photos again: bytes to their version keys, rows as the backup has them."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from photostore.audit import Actor, record
from photostore.errors import Changed, NameTaken
from photostore.models import Act, PendingRemoval, StoredFile
from photostore.operations import ActKind
from photostore.owners import Owner
from photostore.references.others import named_for_others
from photostore.register import Publication, publish, publish_former, store
from photostore.register.outbox import drain
from photostore.register.settling import settle
from students.models import Student, StudentPhoto
from students.photos import subject_of
from students.recovery.backups import BackedUpPhoto
from students.recovery.legacy.spots import bring_others_back, needed_bytes, set_aside, version_of
from students.recovery.restore.entries import PHOTO_COLUMNS, entry_of
from students.versions import owner_of

# Who restored stands in the operation; the act itself may be finished by anybody's next command.
OPERATOR = Actor(id="", name="restore_student_photos", door="command")


class Relink(ActKind):
    """Details: `student` (pk), `student_id`, `backup`, `backup_sha256`; `today`, the sha256 that goes live or
    empty; `copies`, today's documented names; `versions`, each with `sha256`, `key`, `sources`, `was_there`,
    `has_row`; `kept`, files that were right before; `aside`, files that lie in the way; `before`.
    """

    name = "relink_photos"

    def perform(self, act: Act) -> None:
        """Bytes first, then the rows, then the copies; all of it again when it was killed in between."""
        details = act.details
        with Owner("students.student", str(details["student"])).locked():
            student = _student(details)
            if student.photo_sha256 not in (details["before"]["photo_sha256"], details["today"]):
                raise Changed(_("The student has another photo by now."))
            if named_for_others([tuple(spot) for spot in details["copies"]], owner_of(student)):
                raise Changed(NameTaken.sentence)
            entry = {photo.sha256: photo for photo in entry_of(act).photos}
            publications = [
                self._publication(student, entry[item["sha256"]], item, details)
                for item in details["versions"]
            ]
            for publication in publications:  # none of them before all of them were found to be pictures
                store(publication, ground_is_clear=True)
            set_aside(act.operation_id, details["aside"], owner_of(student).files)
            with transaction.atomic(durable=True):
                student = Student.objects.select_for_update().get(pk=student.pk)
                for publication in publications:
                    _link(student, entry[publication.original.sha256], publication, details)
                if details["today"]:
                    _make_todays(student, details, entry[details["today"]])
                record(OPERATOR, "photo.relink", subject=subject_of(student), new_sha256=details["today"])
            settle(owner_of(student))

    def _publication(
        self, student: Student, photo: BackedUpPhoto, item: dict[str, Any], details: dict[str, Any]
    ) -> Publication:
        data = needed_bytes([*item["sources"], ("default", item["key"])], photo.sha256)
        copies = (
            [(alias, key) for alias, key in details["copies"]] if photo.sha256 == details["today"] else []
        )
        return version_of(
            student,
            data,
            content_type=photo.content_type,
            width=photo.width,
            height=photo.height,
            copies=copies,
        )

    def revert(self, act: Act) -> None:
        """Take the links away again, and the bytes that were put down for them; never the last ones."""
        details = act.details
        owner = Owner("students.student", str(details["student"]))
        with owner.locked():
            student = _student(details)
            if student.photo_sha256 not in (details["before"]["photo_sha256"], details["today"]):
                raise Changed(_("The student has another photo by now."))
            for item in details["versions"]:
                if not item["was_there"]:
                    needed_bytes(_without(item["sources"], item["key"], details), item["sha256"])
            with transaction.atomic(durable=True):
                _unlink(Student.objects.select_for_update().get(pk=student.pk), owner, details)
            drain(owner)
            bring_others_back(act.operation_id, details["aside"], details["today"])


def _student(details: dict[str, Any]) -> Student:
    student = Student.objects.filter(pk=details["student"], student_id=details["student_id"]).first()
    if student is None:
        raise Changed(_("The student is no longer here."))
    return student


def _link(student: Student, photo: BackedUpPhoto, publication: Publication, details: dict[str, Any]) -> None:
    values: dict[str, Any] = {name: getattr(photo, name) for name in PHOTO_COLUMNS}
    is_today = photo.sha256 == details["today"]
    if not is_today:
        values["replaced_at"] = photo.replaced_at or photo.uploaded_at
    values["file"] = publication.original.key
    StudentPhoto.objects.get_or_create(student=student, sha256=photo.sha256, defaults=values)
    if is_today:
        publish(owner_of(student), publication)
    else:
        publish_former(owner_of(student), publication)


def _make_todays(student: Student, details: dict[str, Any], photo: BackedUpPhoto) -> None:
    todays = StudentPhoto.objects.filter(student=student)
    todays.filter(replaced_at=None).exclude(sha256=photo.sha256).update(replaced_at=photo.uploaded_at)
    todays.filter(sha256=photo.sha256).update(replaced_at=None)
    (_alias, documented), *_ = details["copies"]
    student.profile_photo, student.photo_sha256 = documented, photo.sha256
    student.photo_updated_at = details["photo_updated_at"] or photo.uploaded_at
    student.save(update_fields=["profile_photo", "photo_sha256", "photo_updated_at"])


def _unlink(student: Student, owner: Owner, details: dict[str, Any]) -> None:
    """Rows as before. The outbox gets the files; those that were there before are taken out of it again."""
    versions = details["versions"]
    new_rows = [item["sha256"] for item in versions if not item["has_row"]]
    StudentPhoto.objects.filter(student=student, sha256__in=new_rows).delete()
    new_copies = {key for _alias, key in details["copies"]} - set(details["registered"])
    StoredFile.objects.filter(kind=StoredFile.Kind.COPY, key__in=new_copies, **owner.files).delete()
    files = StoredFile.objects.filter(key__in=[item["key"] for item in versions if not item["registered"]])
    files.filter(**owner.files).update(keep_aside=False)
    files.filter(**owner.files).delete()
    kept = Q(key__in=[item["key"] for item in versions if item["was_there"]])
    for alias, key in details["kept"]:
        kept |= Q(storage_alias=alias, key=key)
    PendingRemoval.objects.filter(kept, **owner.files).delete()
    before = details["before"]
    student.profile_photo, student.photo_sha256 = before["profile_photo"], before["photo_sha256"]
    student.photo_updated_at = before["photo_updated_at"]
    student.save(update_fields=["profile_photo", "photo_sha256", "photo_updated_at"])
    record(OPERATOR, "photo.unlink", subject=subject_of(student), old_sha256=details["today"])


def _without(sources: list[Any], key: str, details: dict[str, Any]) -> list[Any]:
    """The sources that outlive the undo: neither the version itself nor a copy that goes with it."""
    going = {("default", key), *(tuple(spot) for spot in details["copies"])}
    staying = {tuple(spot) for spot in details["kept"]}
    return [spot for spot in sources if tuple(spot) not in going or tuple(spot) in staying]
