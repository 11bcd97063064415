"""What photostore is told of students: handlers, whom a photo names, whose a key is, who may look."""

from __future__ import annotations

from collections.abc import Collection
from itertools import chain

from photostore.owners import Owner
from photostore.registration import AppRegistration, Guard, Inspector
from students import identity
from students.checking import contradictions, kept_files, legacy_keys, who
from students.imports.photos.staging import awaited_keys
from students.imports.roster.step import ChangeStudent
from students.key_claims import claim_of
from students.models import OWNER_LABEL, Student
from students.recovery.change import ChangePhoto
from students.recovery.change.remove import MovePhotos, RemoveDuplicate, RemoveVersion
from students.recovery.change.sources import SetAsideUnowned
from students.recovery.erase.step import EraseStudent
from students.recovery.legacy import adopt_keys
from students.recovery.restore.create_student import CreateStudent
from students.recovery.restore.put_back import PutBack, RebuildThumbnails
from students.repairing import FollowVersion, repair_of
from students.shared_photos import shared_photos
from students.todays import mark_of_key


def registration() -> AppRegistration:
    return AppRegistration(
        name="students",
        handlers=(
            ChangePhoto(),
            ChangeStudent(),
            CreateStudent(),
            EraseStudent(),
            FollowVersion(),
            PutBack(),
            MovePhotos(),
            RebuildThumbnails(),
            RemoveDuplicate(),
            RemoveVersion(),
            SetAsideUnowned(),
        ),
        guards=[
            Guard(frozenset({"photos", "student_photos"}), "students.view_student", "students.change_student")
        ],
        inspectors=[
            Inspector(OWNER_LABEL, _named, _expected, identity.confirm_key),
        ],
        owners_of_keys=owners_of_keys,
        arriving_keys=awaited_keys,
        legacy_keys=legacy_keys,
        adopt=adopt_keys,
        legacy_mark=mark_of_key,
        kept_keys=kept_files,
        who=who,
        contradictions=lambda: chain(contradictions(), shared_photos()),
        repair=repair_of,
    )


def owners_of_keys(keys: Collection[str]) -> dict[str, Owner]:
    """The students under whose locks an upload would write `keys`; not those of nobody who is here."""
    claims = {key: claim_of(key) for key in keys}
    folders = {claim.folder for claim in claims.values() if claim.folder and claim.role != "documented"}
    here = Student.objects.filter(student_id__in=folders) if folders else Student.objects.none()
    pks = dict(here.values_list("student_id", "pk"))
    pks_by_key = {
        key: one.pk if one.role == "documented" or one.folder is None else pks.get(one.folder)
        for key, one in claims.items()
    }
    return {key: Owner(OWNER_LABEL, str(pk)) for key, pk in pks_by_key.items() if pk is not None}


def _named(picture: bytes) -> str | None:
    found = identity.read(picture)
    return None if found is None else str(found.student_id)


def _expected(owner_ids: Collection[str]) -> dict[str, str]:
    students = Student.objects.filter(pk__in=[int(owner_id) for owner_id in owner_ids])
    return {str(pk): str(student_id) for pk, student_id in students.values_list("pk", "student_id")}
