"""A version of which only another tag's file is left: the same picture under a former number, or a later one.

The tag is made again from the student, and the result counts only where it is the lost version to the byte.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from photostore import tags
from photostore.errors import FileMissing, FileTooLarge, FileUnreadable, InvalidFile
from photostore.storage import storage_for
from students import identity
from students.identity import Identity, number_hash
from students.models import Student, StudentPhoto
from students.recovery.change.files import AnyFileRef
from students.recovery.restore.finding import StorageContents
from students.slots import moment_in
from students.versions import MAX_STORED_BYTES


@dataclass(frozen=True)
class Lost:
    """A version by its bytes, and by what its tag may have said: whose it is, and which numbers they had."""

    sha256: str
    untagged_sha256: str
    student_id: UUID
    numbers: frozenset[str]
    attendance: str = ""

    def sources(self, likely: Iterable[AnyFileRef], found: StorageContents) -> list[AnyFileRef]:
        """A file of the same picture, with the identity that makes it the lost version; or none."""
        if not self.untagged_sha256:
            return []
        for file_ref in dict.fromkeys((*likely, *_of_rows(self.untagged_sha256))):
            if inside := self._inside(file_ref):
                return [(*file_ref, *inside)]
        unowned_files = (
            (file_ref, self._inside(file_ref)) for file_ref in found.unowned_without_tag(self.untagged_sha256)
        )
        return next(([(*file_ref, *inside)] for file_ref, inside in unowned_files if inside), [])

    def _inside(self, file_ref: AnyFileRef) -> tuple[str, str, str] | None:
        alias, key = file_ref[:2]
        try:
            data = storage_for(alias).read(key, max_bytes=MAX_STORED_BYTES)
            bare = tags.strip(data)
        except (FileMissing, FileTooLarge, FileUnreadable, InvalidFile):
            return None
        if hashlib.sha256(bare).hexdigest() != self.untagged_sha256:
            return None
        for one in self._identities():
            if any(hashlib.sha256(made).hexdigest() == self.sha256 for made in identity.tagged(bare, one)):
                return str(one.student_id), one.number_hash, one.attendance
        return None

    def _identities(self) -> Iterator[Identity]:
        every_key = identity.keys()
        hashes = {number_hash(number, key) for number in self.numbers for key in every_key}
        for hashed in sorted(hashes | {""}):
            yield Identity(self.student_id, hashed, self.attendance)


def lost_by_the_rows(student_id: UUID, sha256: str) -> Iterator[Lost]:
    """What the rows of photos know of it: one for each slot that has these bytes."""
    student = Student.objects.filter(student_id=student_id).first()
    if student is None:
        return
    numbers = numbers_of(student)
    for photo in StudentPhoto.objects.filter(student=student, sha256=sha256):
        yield Lost(sha256, photo.untagged_sha256, student_id, numbers, moment_in(photo.slot))


def numbers_of(student: Student, others: Iterable[str] = ()) -> frozenset[str]:
    """Today's and former ones, and what a backup knows besides."""
    former = student.former_numbers.values_list("student_number", flat=True)
    return frozenset(number for number in (student.student_number, *former, *others) if number)


def _of_rows(untagged_sha256: str) -> Iterator[AnyFileRef]:
    for photo in StudentPhoto.objects.filter(untagged_sha256=untagged_sha256)[:5]:
        yield ("default", str(photo.file))
