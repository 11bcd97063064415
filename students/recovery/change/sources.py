"""Where the versions that a step adds come from: an unowned file, or what a backup says of one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.core.exceptions import SuspiciousFileOperation
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from photostore import keys
from photostore.audit import Actor
from photostore.errors import Changed, FileMissing, FileTooLarge, FileUnreadable, InvalidFile
from photostore.models import OperationStep, StoredFile
from photostore.operations.quarantine import sha256_of
from photostore.operations.sweeping import SweepAside
from photostore.storage import storage_for
from photostore.storage.key_rules import is_key
from students.models import Student, StudentPhoto
from students.recovery.change.case import Case
from students.recovery.change.entries import PHOTO_COLUMNS, entry_of
from students.recovery.change.files import needed_bytes, version_of
from students.recovery.change.legacy_row import unadopted_version
from students.recovery.change.staged import staged_version
from students.recovery.unowned import UnownedFile
from students.versions import (
    EXTENSIONS,
    MAX_STORED_BYTES,
    IncomingPhoto,
    Version,
    exports_of,
    incoming_from_storage,
    new_version,
    owner_of,
    retagged_version,
)


class SetAsideUnowned(SweepAside):
    """The sweep's act, of a student's file: the students' own permissions guard it."""

    name = "set_aside_unowned"


def write_down(steps: Sequence[OperationStep]) -> None:
    """Their details, before what they speak of is done."""
    if len(steps) == 1:  # perhaps a part of one, which is saved with the whole
        steps[0].save(update_fields=["details", "at"])
    elif steps:
        OperationStep.objects.bulk_update(steps, ["details"])


def built(case: Case) -> list[Version]:
    """The versions that the details ask for, not stored yet. Raises `Changed` where their bytes are gone.

    `how` is `file`: one version of the file `storage_alias`, `key`, `sha256` (`stored_at` where it lies in
    quarantine), with `origin` and perhaps `at`, its age; or `version`: the one with `sha256` of the student
    `of`, whose file is `key`; or `backup`: `versions` of the entry of `backup`, each with `sha256`, `key` and
    `sources`; or `staged`: one version of a photo of an import (`staged_version`).
    """
    how = case.details["how"]
    if how == "backup":
        return _of_backup(case)
    if how == "staged":
        return [staged_version(case.step, case.student, actor_of(case.step))]
    return [_of_file(case) if how == "file" else _of_version(case.step, case.student)]


# The picture that the next step needs, where its plan decoded it already.
_at_hand: dict[tuple[str, str, str], IncomingPhoto] = {}


def offer_picture(details: dict[str, Any], incoming: IncomingPhoto) -> None:
    """Keep what was taken in of the file that these details name, for the step that follows."""
    _at_hand.clear()
    _at_hand[details["key"], details["sha256"], details["origin"]] = incoming


def _of_file(case: Case) -> Version:
    step, details, student = case.step, case.details, case.student
    data = source_bytes(case)
    at_hand = _at_hand.get((details["key"], details["sha256"], details["origin"]))
    try:
        incoming = at_hand or incoming_from_storage(data, details["key"], details["origin"])
    except (InvalidFile, FileTooLarge) as error:
        raise Changed(str(error)) from error
    version = new_version(student, incoming, actor_of(step), slot=details["slot"])
    at = parse_datetime(details.get("at") or "")
    if at and not details["live"]:
        version.photo.uploaded_at = min(at, timezone.now())
    if "names" in details:
        names = [(alias, key) for alias, key in details["names"]]
        return replace(version, file_set=replace(version.file_set, exports=names))
    return version


def _of_version(step: OperationStep, student: Student) -> Version:
    details = step.details
    rows = StudentPhoto.objects.filter(student=details["of"], slot=details["slot"])
    photo = rows.filter(sha256=details["sha256"]).first()
    if photo is None:
        raise Changed(_("The photo no longer exists."))
    try:
        version = retagged_version(student, photo, actor_of(step))
    except FileMissing as error:
        raise Changed(_("The photo no longer exists.")) from error
    version.photo.uploaded_at = photo.uploaded_at
    return version


def _of_backup(case: Case) -> list[Version]:
    details, student, slot, entry = case.details, case.student, case.slot, entry_of(case.step)
    entries = {one.sha256: one for one in (*entry.photos, *entry.attendance) if one.slot == slot}
    rows = case.standing.in_slot(slot)
    versions = []
    for item in details["versions"]:
        photo = entries.get(item["sha256"])
        if photo is None:
            raise Changed(_("The backup for this operation no longer exists."))
        file_set = version_of(
            student,
            needed_bytes([*item["sources"], ("default", item["key"])], photo.sha256),
            content_type=photo.content_type,
            width=photo.width,
            height=photo.height,
            exports=exports_of(student, slot, EXTENSIONS[photo.content_type]),
        )
        values = {name: getattr(photo, name, None) for name in PHOTO_COLUMNS}
        values["replaced_at"] = values["replaced_at"] or photo.uploaded_at
        made = StudentPhoto(student=student, slot=slot, file=file_set.original.key, **values)
        versions.append(Version(rows.get(photo.sha256, made), file_set))
    return versions


def former_of_legacy_row(case: Case) -> list[Version]:
    """What only the row names becomes a former version before another photo takes its place; or nothing."""
    details, student, last = case.details, case.student, case.versions[-1]
    if not case.is_todays or not case.standing.is_unadopted:
        return []
    if details.get("key") == str(student.profile_photo) or student.photo_sha256 == last.photo.sha256:
        return []
    former = unadopted_version(student, actor_of(case.step), besides=last)
    return [former] if former else []


def confirm_sources(case: Case) -> None:
    """Raise `Changed` where an undo would remove the last bytes of something: then it stays."""
    details, was, student = case.details, case.details["before"], case.student
    operation = case.step.operation_id
    there = [key for alias, key in details["there"] if alias == "default"]
    if details["how"] == "file":
        if details["new_key"] not in there:
            source_bytes(case)
    elif details["how"] == "version":
        moved = keys.quarantined(operation, details["key"])
        needed_bytes([("default", details["key"]), ("default", moved)], details["sha256"])
    elif details["how"] == "backup":  # what was staged goes to quarantine
        for item in details["versions"]:
            if item["key"] not in there and item["key"] not in was["files"]:
                needed_bytes(_staying(student, item, details), item["sha256"])
    key, sha256 = was["columns"]["profile_photo"], was["file_sha256"]
    if key and StoredFile.objects.filter(key=key).exclude(**owner_of(student).files).exists():
        raise Changed(_("The file has an owner by now."))
    lies_at = (key, keys.quarantined(operation, key))
    if sha256 and sha256 not in [sha256_of("default", one) for one in lies_at]:
        raise Changed(_("The previous photo is gone."))


def _staying(student: Student, item: dict[str, Any], details: dict[str, Any]) -> list[Sequence[str]]:
    """The sources that outlive the undo: neither the version itself nor an export that goes with it."""
    extension = item["key"].rpartition(".")[2]
    going = {("default", item["key"]), *exports_of(student, details["slot"], extension)}
    there = {tuple(file_ref) for file_ref in details["there"]}
    return [*(one for one in item["sources"] if tuple(one) not in going), *there]


def legacy_file(case: Case) -> str:
    """The sha256 of the file that a legacy row names; empty where it names none that is there."""
    key = str(case.student.profile_photo)
    if not case.standing.is_unadopted or not is_key(key):
        return ""
    try:
        return sha256_of("default", key) or ""
    except (FileUnreadable, SuspiciousFileOperation):
        return ""


def aside_details(unowned_file: UnownedFile) -> dict[str, Any]:
    """What setting this file aside needs to know."""
    return {
        "storage_alias": unowned_file.storage_alias,
        "key": unowned_file.key,
        "sha256": unowned_file.sha256,
        "byte_size": unowned_file.byte_size,
        "content_type": unowned_file.content_type,
    }


def source_bytes(case: Case) -> bytes:
    """The file as the plan saw it, also where this operation moved it out of the way. Raises `Changed`."""
    details = case.details
    storage = storage_for(details["storage_alias"])
    moved = keys.quarantined(case.step.operation_id, details["key"])
    aside = details.get("stored_at", moved)
    why = _("The file is gone or was replaced.")
    for key in dict.fromkeys((aside, details["key"], moved) if aside != moved else (details["key"], moved)):
        try:
            data = storage.read(key, max_bytes=MAX_STORED_BYTES)
        except (FileMissing, FileTooLarge):
            continue
        if hashlib.sha256(data).hexdigest() != details["sha256"]:
            continue
        if key == details["key"] and key in case.taken:
            # Perhaps it is what was made of it, under its own name; then the file itself lies in quarantine.
            why = _("The file has an owner by now.")
            continue
        return data
    raise Changed(why)


def student_of(step: OperationStep) -> Student:
    """Who the step is about. Raises `Changed` where they are gone."""
    found = Student.objects.filter(pk=step.details["student"], student_id=step.details["student_id"]).first()
    if found is None:
        raise Changed(_("The student no longer exists."))
    return found


def actor_of(step: OperationStep) -> Actor:
    operation = step.operation
    return Actor(id=operation.actor_id, name=operation.actor_name, channel=operation.channel)
