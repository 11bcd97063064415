"""Use case: photos that another system put under the documented names become photos of ours.

The bytes are taken in as an upload's are: hashed, cleaned, tagged, kept as a version. The documented name
stays the one that it was, whatever its ending; the bytes that lay there are set aside in quarantine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from photostore import keys
from photostore.audit import Actor, record
from photostore.errors import FileMissing, FileTooLarge, InvalidFile
from photostore.intake import FORMATS, sniff
from photostore.models import Act, StoredFile
from photostore.operations import ActKind, Changed, register
from photostore.operations.quarantine import sha256_of
from photostore.outbox import drain
from photostore.register import Owner, settle, store
from photostore.storage import storage_for
from students import identity
from students.models import OWNER_LABEL, Student, StudentPhoto
from students.photos import go_live, subject_of
from students.restore.spots import Spot, bring_others_back, needed_bytes, others_at, set_aside
from students.tombstones import erased_pictures
from students.versions import MAX_FILE_BYTES, IncomingPhoto, new_version, owner_of, take_in

OPERATOR = Actor(id="", name="adopt_media", door="command")
ENDINGS = ("jpg", "jpeg", "png", "webp", "gif", "heic")
BATCH = 500


@dataclass(frozen=True)
class Adoption:
    """One student's old photo: the act to be done, or the sentence why a person has to look."""

    student: Student
    details: dict[str, Any] | None
    why_not: str = ""


class AdoptPhoto(ActKind):
    """Details: `student`, `student_id`, `source` (a spot), `sha256`, `copies`, `aside`, `before`."""

    name = "adopt_photo"

    def perform(self, act: Act) -> None:
        """As an upload of these bytes, under the names that they have; nothing when that was done before."""
        details = act.details
        owner = Owner(OWNER_LABEL, str(details["student"]))
        with owner.locked():
            student = _student(details)
            today = StudentPhoto.objects.filter(student=student, replaced_at=None).first()
            if today is None or today.source_sha256 != details["sha256"]:
                if today is not None or student.photo_sha256 != details["before"]["photo_sha256"]:
                    raise Changed(_("The student has another photo by now."))
                self._take_over(act, student)
            settle(owner)

    def _take_over(self, act: Act, student: Student) -> None:
        details = act.details
        alias, key = details["source"]
        spots = [(alias, key), (alias, keys.quarantined(act.operation_id, key))]
        incoming = _taken_in(needed_bytes(spots, details["sha256"]))
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


register(AdoptPhoto())


def adoptions() -> Iterator[Adoption]:
    """Every student whose photo is there and not known yet, by primary key."""
    students = Student.objects.filter(photos=None).order_by("pk")
    last = 0
    while batch := list(students.filter(pk__gt=last)[:BATCH]):
        last = batch[-1].pk
        for student in batch:
            adoption = adoption_of(student)
            if adoption is not None:
                yield adoption


def adoption_of(student: Student) -> Adoption | None:
    """What is to be done for one student; None where no file of theirs lies about."""
    spots = [spot for spot in _spots(student) if storage_for(spot[0]).stat(spot[1]) and not _is_known(spot)]
    if not spots:
        return None
    source = spots[0]
    try:
        pixels = {spot: _taken_in(_read(spot)).clean.pixel_sha256 for spot in spots}
        inside = identity.read(_read(source)) if _is_taggable(source) else None
    except (Changed, InvalidFile, FileTooLarge, FileMissing) as error:
        return Adoption(student, None, f"{source[1]}: {error}")
    if inside is not None and inside.student_id != student.student_id:
        return Adoption(student, None, f"{source[1]} says that it shows another student.")
    if len(set(pixels.values())) > 1:
        return Adoption(student, None, f"{spots[0][1]} and {spots[1][1]} show different pictures.")
    sha256 = sha256_of(*source) or ""
    if erased_pictures([sha256]):
        return Adoption(student, None, f"{source[1]} was erased on request.")
    return Adoption(student, _details(student, source, sha256))


def _details(student: Student, source: Spot, sha256: str) -> dict[str, Any]:
    documented = source[1] if source[1].startswith("student_photos/") or student.profile_photo else ""
    copies = [
        ("default", documented or keys.student_documented(student.pk, "jpg")),
        ("safe", keys.student_safe(student.student_id)),
    ]
    updated_at = student.photo_updated_at
    return {
        "student": student.pk,
        "student_id": str(student.student_id),
        "source": source,
        "sha256": sha256,
        "copies": copies,
        # The version has other bytes than any of these: they were never cleaned, and carry no identity.
        "aside": others_at(copies, "")[1],
        "before": {
            "profile_photo": student.profile_photo.name or "",
            "photo_sha256": student.photo_sha256,
            "photo_updated_at": updated_at.isoformat() if updated_at else None,
        },
    }


def _spots(student: Student) -> list[Spot]:
    """Where the old systems kept it: the row's own key, else the documented names of S0 and S1."""
    if student.profile_photo:
        return [("default", str(student.profile_photo.name))]
    documented = [("default", keys.student_documented(student.pk, ending)) for ending in ENDINGS]
    safe = keys.student_safe(student.student_id)
    return [*documented, ("default", safe), ("safe", safe)]


def _is_known(spot: Spot) -> bool:
    return StoredFile.objects.filter(storage_alias=spot[0], key=spot[1]).exists()


def _read(spot: Spot) -> bytes:
    return storage_for(spot[0]).read(spot[1], max_bytes=MAX_FILE_BYTES)


def _is_taggable(spot: Spot) -> bool:
    return sniff(_read(spot)) in ("jpeg", "png")


def _taken_in(data: bytes) -> IncomingPhoto:
    """By what the bytes are: the old names say little, `profile.jpg` may hold a PNG."""
    found = sniff(data) or "jpeg"
    try:
        return take_in(data, filename=f"adopted.{FORMATS[found].extensions[0]}", origin="import")
    except InvalidFile as error:
        raise Changed(error.sentence) from error


def _student(details: dict[str, Any]) -> Student:
    student = Student.objects.filter(pk=details["student"], student_id=details["student_id"]).first()
    if student is None:
        raise Changed(_("The student is no longer here."))
    return student
