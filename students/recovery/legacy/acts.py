"""The act that makes a photo of another system one of ours."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from photostore import keys
from photostore.audit import Actor, record
from photostore.errors import Changed, InvalidFile
from photostore.intake import FORMATS, sniff
from photostore.models import Act, StoredFile
from photostore.operations import ActKind
from photostore.operations.sweeping import SweepAside
from photostore.owners import Owner
from photostore.register import store
from photostore.register.outbox import drain
from photostore.register.settling import settle
from students.models import OWNER_LABEL, Student, StudentPhoto
from students.photos import go_live, subject_of
from students.recovery.legacy.spots import bring_others_back, needed_bytes, set_aside
from students.versions import IncomingPhoto, new_version, owner_of, take_in

OPERATOR = Actor(id="", name="adopt_media", door="command")


class AdoptPhoto(ActKind):
    """Details: `student`, `student_id`, `source` (a spot), `sha256`, `copies`, `aside`, `before`.

    `left`: files under a name that is another integer's; they are set aside once the version is there.
    """

    name = "adopt_photo"

    def perform(self, act: Act) -> None:
        """As an upload of these bytes, under the names that they have; nothing when that was done before."""
        details = act.details
        owner = Owner(OWNER_LABEL, str(details["student"]))
        with owner.locked():
            student = _student(details)
            today = StudentPhoto.objects.filter(student=student, replaced_at=None).first()
            if today is None or today.source_sha256 != details["sha256"]:
                if today is not None or not _is_as_planned(student, details["before"]):
                    raise Changed(_("The student has another photo by now."))
                self._take_over(act, student)
            settle(owner)
        for left in details.get("left", ()):
            with suppress(Changed):  # somebody has the name by now
                SweepAside().perform(Act(operation_id=act.operation_id, details=left))

    def _take_over(self, act: Act, student: Student) -> None:
        details = act.details
        alias, key = details["source"]
        spots = [(alias, key), (alias, keys.quarantined(act.operation_id, key))]
        incoming = taken_in(needed_bytes(spots, details["sha256"]))
        version = new_version(student, incoming, OPERATOR)
        copies = [(one, other) for one, other in details["copies"]]
        version = replace(version, publication=replace(version.publication, copies=copies))
        store(version.publication, ground_is_clear=True)
        set_aside(act.operation_id, details["aside"], owner_of(student).files)
        with transaction.atomic(durable=True):
            go_live(Student.objects.select_for_update().get(pk=student.pk), version, OPERATOR, "photo.adopt")

    def revert(self, act: Act) -> None:
        """The old bytes under their old name, and the row as it was."""
        details, before = act.details, act.details["before"]
        owner = Owner(OWNER_LABEL, str(details["student"]))
        with owner.locked():
            student = _student(details)
            today = StudentPhoto.objects.filter(student=student, replaced_at=None).first()
            if today is not None:
                if today.source_sha256 != details["sha256"]:
                    raise Changed(_("The student has another photo by now."))
                # Before the row names it again: somebody else may have the name by now.
                for left in details.get("left", ()):
                    SweepAside().revert(Act(operation_id=act.operation_id, details=left))
                # Purged meanwhile? Then the version is all that is left of it, and stays.
                alias, key = details["source"]
                spots = [(alias, key), (alias, keys.quarantined(act.operation_id, key))]
                needed_bytes(spots, details["sha256"])
                with transaction.atomic(durable=True):
                    student = Student.objects.select_for_update().get(pk=student.pk)
                    originals = StoredFile.objects.filter(key=str(today.file.name), **owner.files)
                    originals.update(keep_aside=False)
                    originals.delete()
                    today.delete()
                    record(OPERATOR, "photo.unadopt", subject=subject_of(student))
                    for name, value in before.items():
                        setattr(student, name, value)
                    student.save(update_fields=list(before))
            drain(owner)
            bring_others_back(act.operation_id, details["aside"], "")


def taken_in(data: bytes) -> IncomingPhoto:
    """By what the bytes are: the old names say little, `profile.jpg` may hold a PNG."""
    found = sniff(data) or "jpeg"
    try:
        return take_in(data, filename=f"adopted.{FORMATS[found].extensions[0]}", origin="import")
    except InvalidFile as error:
        raise Changed(error.sentence) from error


def _is_as_planned(student: Student, before: dict[str, Any]) -> bool:
    said = {"profile_photo": student.profile_photo.name or "", "photo_sha256": student.photo_sha256}
    return said == {name: before[name] for name in said}


def _student(details: dict[str, Any]) -> Student:
    student = Student.objects.filter(pk=details["student"], student_id=details["student_id"]).first()
    if student is None:
        raise Changed(_("The student is no longer here."))
    return student
