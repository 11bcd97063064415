"""What photostore is told about students' files: whom a photo names, whose a key is, who may look."""

from __future__ import annotations

from collections.abc import Collection

from photostore.delivery.legacy import serve_legacy_with
from photostore.inventory.rows import Rows, tell_inventory
from photostore.operations.guards import Guard, guard_with
from photostore.owners import Owner
from photostore.references import Inspector, inspect_with, name_owners_with
from students import identity
from students.checking import contradictions, kept_files, legacy_keys, who
from students.key_claims import place_of
from students.models import ATTENDANCE_LABEL, OWNER_LABEL, AttendancePhoto, Student
from students.repairing import repair_of
from students.todays import mark_of_key

# The acts of this app; wherever the file that they were done to lay before.
KINDS_OF_ACTS = frozenset(
    {
        *(
            "adopt_photo",
            "create_student",
            "erase_student",
            "follow_version",
            "give_attendance",
            "give_photo",
            "heal",
        ),
        *("rebuild_thumbnails", "relink_attendance", "relink_photos", "set_aside_stray"),
    }
)


def register() -> None:
    """Make it known; called once when the app is ready."""
    inspect_with(Inspector(OWNER_LABEL, named=_named, expected=_expected, prepare=identity.confirm_key))
    inspect_with(
        Inspector(
            ATTENDANCE_LABEL,
            named=_named,
            expected=_expected_of_attendance,
            prepare=identity.confirm_key,
        )
    )
    name_owners_with(owner_of_key)
    serve_legacy_with(mark_of_key)
    tell_inventory(
        Rows(legacy=legacy_keys, kept=kept_files, who=who, contradictions=contradictions, repair=repair_of)
    )
    guard_with(
        Guard(
            folders=frozenset({"photos", "student_photos"}),
            view="students.view_student",
            change="students.change_student",
            kinds=KINDS_OF_ACTS,
        )
    )


def owner_of_key(key: str) -> Owner | None:
    """The student under whose lock an upload would write `key`; None where there is no such student."""
    place = place_of(key)
    if place.role == "documented":
        return Owner(OWNER_LABEL, str(place.pk))
    if place.folder is None:
        return None
    pk = Student.objects.filter(student_id=place.folder).values_list("pk", flat=True).first()
    return None if pk is None else Owner(OWNER_LABEL, str(pk))


def _named(picture: bytes) -> str | None:
    found = identity.read(picture)
    return None if found is None else str(found.student_id)


def _expected(owner_ids: Collection[str]) -> dict[str, str]:
    students = Student.objects.filter(pk__in=[int(owner_id) for owner_id in owner_ids])
    return {str(pk): str(student_id) for pk, student_id in students.values_list("pk", "student_id")}


def _expected_of_attendance(owner_ids: Collection[str]) -> dict[str, str]:
    photos = AttendancePhoto.objects.filter(pk__in=[int(owner_id) for owner_id in owner_ids])
    return {str(pk): str(student) for pk, student in photos.values_list("pk", "student__student_id")}
