"""As whom the erased was here before: after a reseed everybody has another `student_id`."""

from __future__ import annotations

from uuid import UUID

from photostore.models import OperationStep
from students import identity
from students.models import FormerStudentNumber, Student, StudentPhoto
from students.recovery.erase.backups import Traces, ids_in_backups
from students.recovery.erase.files import LooseFiles, files_in_folder
from students.recovery.evidence.hashes import owners_of
from students.recovery.evidence.ours import were_here
from students.recovery.unowned import UnownedFile


def former_ids(student_id: UUID, pk: int, loose: LooseFiles) -> set[UUID]:
    """Every other `student_id` of this student: inside an unowned file that has a number of theirs inside as
    well, or in a backup, under a number of theirs or with their name and picture.

    No student who is here is among them, and a number that another student here has or had proves nothing.
    Reads all unowned files of students, the quarantine and the backups. Raises `StorageUnavailable`.
    """
    own = files_in_folder(student_id)
    hashes = _of_numbers(student_id, pk) | _inside(own, student_id)
    hashes -= {hashed for hashed, owners in owners_of(hashes).items() if owners - {pk}}
    found = _written_down(student_id)
    if hashes:
        loose.look()
    for file in loose.with_number(hashes):
        # Under an older key it may be another school's child of the same number.
        if file.named_student and (file.by_newest_key or were_here([file.named_student])):
            found.add(file.named_student)
    sha256s = {file.bare_sha256 for file in own} | _sha256s(student_id, pk)
    found |= ids_in_backups(Traces(student_id, hashes, sha256s, _numbers(student_id, pk)))
    here = Student.objects.filter(student_id__in=found).values_list("student_id", flat=True)
    return found - {student_id} - set(here)


def _of_numbers(student_id: UUID, pk: int) -> set[str]:
    """Of today's number and former ones, with every key."""
    return {hashed for one in _numbers(student_id, pk) for hashed in identity.number_hashes(one)}


def _numbers(student_id: UUID, pk: int) -> set[str]:
    students = Student.objects.filter(pk=pk, student_id=student_id)
    numbers = set(students.values_list("student_number", flat=True))
    former = FormerStudentNumber.objects.filter(student__in=students)
    numbers |= set(former.values_list("student_number", flat=True))
    return {number for number in numbers if number}


def _sha256s(student_id: UUID, pk: int) -> set[str]:
    """Of their photos, as the rows know them."""
    found: set[str] = set()
    rows = StudentPhoto.objects.filter(student=pk, student__student_id=student_id)
    for values in rows.values_list("untagged_sha256", "source_sha256"):
        found.update(values)
    return found - {""}


def _inside(own: list[UnownedFile], student_id: UUID) -> set[str]:
    """Of the numbers that their own photos have inside: all that is left of a deleted student."""
    return {file.number_hash for file in own if file.named_student == student_id} - {""}


def _written_down(student_id: UUID) -> set[UUID]:
    """By an erasure that was killed, or is asked for again."""
    steps = OperationStep.objects.filter(kind="erase_student", details__student_id=str(student_id))
    return {UUID(one) for step in steps for one in step.details.get("earlier", ())}
