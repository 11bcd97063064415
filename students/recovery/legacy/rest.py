"""What lies in students' folders besides the current photo: attendance photos, and what was not adopted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from photostore.inventory import orphans
from photostore.inventory.seen import Seen
from photostore.storage import FileStat
from students.key_claims import FOLDERS, UPLOADS, KeyClaim, claim_of
from students.models import Student
from students.recovery.legacy.photos import BATCH, Adoption
from students.recovery.unowned import Location, UnownedFile, read_unowned_file
from students.tombstones import erased_of


def rest_adoptions(told: Seen) -> Iterator[Adoption]:
    """Every old attendance photo, and every file under a documented name that is still unowned.

    Ask after the photos were adopted: what was taken over is registered by then. `told` are the ids of
    students of whom a person knows already. Streams; one listing of each folder. Raises `StorageUnavailable`.
    """
    for prefix in (FOLDERS, UPLOADS):
        for place, file, student, is_told in _whose(orphans("default", prefix), told):
            if place.role == "attendance":
                yield _attendance(student, place, file)
            elif place.role == "other" and place.folder:
                yield Adoption(
                    student, None, f"{file.key} lies in their folder, and nothing says what it is."
                )
            elif place.role in ("safe", "documented") and not is_told:
                yield Adoption(student, None, f"{file.key} is not their photo of today, and is left there.")


def _whose(files: Iterator[FileStat], told: Seen) -> Iterator[tuple[KeyClaim, FileStat, Student, bool]]:
    """The files that are in a student's folder, or named by a student's id, with whom that is.

    With each whether the student is among the `told`.
    """
    while batch := list(islice(files, BATCH)):
        named = [(claim_of(file.key), file) for file in batch]
        folders = _students("student_id", (place.folder for place, _file in named))
        pks = _students("pk", (place.pk for place, _file in named))
        known = told.among([str(student.pk) for student in (*folders.values(), *pks.values())])
        for place, file in named:
            student = folders.get(place.folder) or pks.get(place.pk)
            if student is not None:
                yield place, file, student, str(student.pk) in known


def _students(column: str, values: Iterable[object]) -> dict[object, Student]:
    wanted = {value for value in values if value is not None}
    return {getattr(one, column): one for one in Student.objects.filter(**{f"{column}__in": wanted})}


def _attendance(student: Student, place: KeyClaim, file: FileStat) -> Adoption:
    """By its name, unless the identity inside says something else."""
    unowned_file = read_unowned_file(Location.of("default", file))
    why_not = "it is gone by now" if unowned_file is None else _why_not(student, place, unowned_file)
    if unowned_file is None or why_not:
        return Adoption(student, None, f"{file.key}: {why_not}.")
    details = {
        "student": student.pk,
        "student_id": str(student.student_id),
        "slot": place.moment,
        "live": True,
        "expected_sha256": "",
        "action": "attendance.adopt",
        "how": "file",
        "storage_alias": "default",
        "key": file.key,
        "sha256": unowned_file.sha256,
        "origin": "import",
    }
    return Adoption(student, details)


def _why_not(student: Student, place: KeyClaim, unowned_file: UnownedFile) -> str:
    date, _separator, session = place.moment.partition("_")
    if not unowned_file.key.endswith(f"/{date}_{session}.jpg"):
        return "attendance photos end in .jpg, whatever is inside"
    if not unowned_file.content_type:
        return unowned_file.note or "it is no picture"
    if unowned_file.named_student not in (None, student.student_id):
        return "it says that it shows another student"
    if unowned_file.named_student and unowned_file.attendance != place.moment:
        return "it says that it is of another half-day, or none"
    if erased_of(student.student_id, [unowned_file.sha256, unowned_file.bare_sha256]):
        return "it was erased on request"
    return ""
