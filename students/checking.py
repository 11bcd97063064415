"""What the inventory is told of students' rows: legacy ones, files to be kept, and what contradicts what."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q

from photostore.models import StoredFile
from photostore.references.spelling import plain_name
from photostore.registration import Contradiction
from students.key_claims import FOLDERS, UPLOADS, KeyClaim, claim_of
from students.models import OWNER_LABEL, Student, StudentPhoto
from students.todays import is_in_folder, may_be_theirs, named_alike, standing_of, with_standing

COLUMNS = (
    "pk",
    "name",
    "class_name",
    "student_id",
    "profile_photo",
    "photo_sha256",
    "standing",
    "version_key",
)

REPAIR = "verify_media --repair lets the row follow the version; or remove the photo and hand it in again"
ASK = "A person has to look: match_profile_photos assign, or hand the right photo in"
ADOPT = "adopt_media finds the file that is meant and makes it known, or says why not"
ONE_OF_THEM = (
    "A person has to look whom it shows: hand in the others' own photos, or empty profile_photo in their "
    "rows, then run adopt_media"
)

_SPELLED = f"""
SELECT DISTINCT asked.key FROM unnest(%s::text[]) AS asked (key)
JOIN students_student s
  ON s.profile_photo <> '' AND {plain_name("s.profile_photo")} = {plain_name("asked.key")}
"""  # noqa: S608 - names of our own


def legacy_keys(names: Collection[str]) -> set[str]:
    """Those that a student's row names while there is no version that is current."""
    current = StudentPhoto.objects.of_profile().filter(student=OuterRef("pk"), replaced_at=None)
    rows = Student.objects.filter(profile_photo__in=names).exclude(Exists(current))
    return set(rows.values_list("profile_photo", flat=True))


def kept_files(names: Collection[str]) -> set[str]:
    """Unowned files that no sweep takes: "no row names it" does not mean "unowned".

    In the folder or under the documented name of a student who is here, or named by a row in its own
    spelling.
    """
    storage_roots = {key: claim_of(key) for key in names}
    here = _here(storage_roots.values())
    kept = {
        key for key, place in storage_roots.items() if _is_of(place, here) and key.startswith(_KEPT_UNDER)
    }
    with connection.cursor() as cursor:
        cursor.execute(_SPELLED, [[key for key in names if key not in kept]])
        return kept | {key for (key,) in cursor.fetchall()}


_KEPT_UNDER = (FOLDERS, UPLOADS)


def _here(storage_roots: Iterable[KeyClaim]) -> dict[Any, Student]:
    """Students by folder and by primary key."""
    wanted = list(storage_roots)
    of_folders = Student.objects.filter(student_id__in={one.folder for one in wanted if one.folder})
    of_names = Student.objects.filter(pk__in={one.pk for one in wanted if one.pk is not None})
    return {one.student_id: one for one in of_folders} | {one.pk: one for one in of_names}


def _is_of(place: KeyClaim, here: dict[Any, Student]) -> bool:
    return place.folder in here or place.pk in here


def who(names: Collection[str]) -> dict[str, str]:
    """By the register's owner, the row that names it, the folder, the documented name; in this order."""
    found: dict[str, str] = {}
    storage_roots = {key: claim_of(key) for key in names}
    here = _here(storage_roots.values())
    for key, place in storage_roots.items():
        student = here.get(place.folder) or here.get(place.pk)
        if student is not None:
            found[key] = called(student.name, student.class_name, student.pk)
    rows = Student.objects.filter(profile_photo__in=names)
    for key, name, class_name, pk in rows.values_list("profile_photo", "name", "class_name", "pk"):
        found[key] = called(name, class_name, pk)
    files = StoredFile.objects.filter(key__in=names, owner_label=OWNER_LABEL)
    owners = {key: int(owner_id) for key, owner_id in files.values_list("key", "owner_id")}
    owning = Student.objects.in_bulk(set(owners.values()))
    for key, pk in owners.items():
        if pk in owning:
            found[key] = called(owning[pk].name, owning[pk].class_name, pk)
    return found


def called(name: str, class_name: str, pk: int) -> str:
    return f"{name} ({class_name}, ID {pk})" if class_name else f"{name} (ID {pk})"


def contradictions() -> Iterator[Contradiction]:
    """Students of whom nothing is served because their rows do not agree."""
    current = StudentPhoto.objects.of_profile().filter(student=OuterRef("pk"), replaced_at=None)
    said = Student.objects.filter(~Q(profile_photo="") | Exists(current))
    for row in with_standing(said).values(*COLUMNS).order_by("pk").iterator(chunk_size=1_000):
        if standing_of(row) == "none":
            why, step = _why(row)
            key = row["profile_photo"] or f"{FOLDERS}{row['student_id']}/"
            who = called(row["name"], row["class_name"], row["pk"])
            yield Contradiction(key, who, why, step, row["pk"])


def _why(row: dict[str, Any]) -> tuple[str, str]:
    photo = StudentPhoto.objects.of_profile().filter(student=row["pk"], replaced_at=None).first()
    if photo is not None and not is_in_folder(row["student_id"], str(photo.file)):
        return "the row of the current version names a file in another student's folder", ASK
    if photo is not None:
        return "profile_photo or photo_sha256 says another photo than the current version", REPAIR
    if not may_be_theirs(row["student_id"], row["profile_photo"]):
        return "no photo of this student can have the name that the row gives", ADOPT
    others = rivals_of(row["pk"], row["profile_photo"])
    if others:
        return f"two rows name one file: also that of {', '.join(others)}", ONE_OF_THEM
    return "the row names a file that belongs to another student", ASK


def rivals_of(pk: int, key: str) -> list[str]:
    """Other students whose row names the same file, in whatever spelling."""
    rows = named_alike(key).exclude(pk=pk).order_by("pk")
    return [called(*row) for row in rows.values_list("name", "class_name", "pk")[:5]]
