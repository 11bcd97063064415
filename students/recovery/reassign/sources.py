"""The file that is given: reading it, taking it in, setting it aside afterwards."""

from __future__ import annotations

import hashlib
from typing import Any

from django.utils.translation import gettext_lazy as _

from photostore import keys
from photostore.audit import Actor
from photostore.errors import Changed, FileMissing, FileTooLarge, InvalidFile
from photostore.models import Act, StoredFile
from photostore.operations.sweeping import SweepAside
from photostore.storage import storage_for
from students.models import Student
from students.recovery.unowned import Stray
from students.versions import MAX_STORED_BYTES, IncomingPhoto, incoming_from_storage


class SetAsideStray(SweepAside):
    """The sweep's act, of a student's file: the students' own permissions guard it."""

    name = "set_aside_stray"


def _is_registered(key: str) -> bool:
    return StoredFile.objects.filter(key=key).exists()


def aside_details(stray: Stray) -> dict[str, Any]:
    """What setting this file aside needs to know."""
    return {
        "storage_alias": stray.storage_alias,
        "key": stray.key,
        "sha256": stray.sha256,
        "byte_size": stray.byte_size,
        "content_type": stray.content_type,
    }


def source_bytes(act: Act) -> bytes:
    """The file as the plan saw it, also where this operation moved it out of the way. Raises `Changed`."""
    details = act.details
    storage = storage_for(details["storage_alias"])
    moved = keys.quarantined(act.operation_id, details["key"])
    aside = details.get("stored_at", moved)
    why = _("The file is gone or another one by now.")
    for key in dict.fromkeys((aside, details["key"], moved) if aside != moved else (details["key"], moved)):
        try:
            data = storage.read(key, max_bytes=MAX_STORED_BYTES)
        except (FileMissing, FileTooLarge):
            continue
        if hashlib.sha256(data).hexdigest() != details["sha256"]:
            continue
        if key == details["key"] and _is_registered(key):
            # Perhaps it is what was made of it, under its own name; then the file itself lies in quarantine.
            why = _("The file belongs to somebody by now.")
            continue
        return data
    raise Changed(why)


def taken_in(act: Act) -> IncomingPhoto:
    """The source, ready to become a version. Raises `Changed` for what is no picture that we take."""
    data = source_bytes(act)
    try:
        return incoming_from_storage(data, act.details["key"], act.details["origin"])
    except (InvalidFile, FileTooLarge) as error:
        raise Changed(str(error)) from error


def student_of(act: Act) -> Student:
    """Who the act is about. Raises `Changed` where they are gone."""
    found = Student.objects.filter(pk=act.details["student"], student_id=act.details["student_id"]).first()
    if found is None:
        raise Changed(_("The student is not here any more."))
    return found


def actor_of(act: Act) -> Actor:
    """Whoever started the operation."""
    operation = act.operation
    return Actor(id=operation.actor_id, name=operation.actor_name, door=operation.door)
