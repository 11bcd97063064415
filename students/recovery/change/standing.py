"""What the rows say of a student as they stand now, read for a whole batch of them at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from photostore.models import StoredFile
from students.models import OWNER_LABEL, Student, StudentPhoto
from students.slots import PROFILE


@dataclass(frozen=True)
class Standing:
    """One student, with every version and every registered file of theirs."""

    student: Student
    photos: list[StudentPhoto] = field(default_factory=list)
    files: list[StoredFile] = field(default_factory=list)

    def in_slot(self, slot: str) -> dict[str, StudentPhoto]:
        """The versions of one slot by their sha256."""
        return {photo.sha256: photo for photo in self.photos if photo.slot == slot}

    def current_sha256(self, slot: str) -> str:
        """Of the version that is shown; empty where none is."""
        return next((sha256 for sha256, one in self.in_slot(slot).items() if one.replaced_at is None), "")

    def shown_in_other_slots(self, slot: str) -> set[str]:
        """The keys of what is shown elsewhere."""
        shown = (photo for photo in self.photos if photo.replaced_at is None and photo.slot != slot)
        return {str(photo.file) for photo in shown}

    @property
    def registered(self) -> set[str]:
        """The keys of their files."""
        return {file.key for file in self.files}

    @property
    def is_unadopted(self) -> bool:
        """Whether the row names a photo of which there is no version."""
        return bool(self.student.profile_photo) and self.student.photo_sha256 not in self.in_slot(PROFILE)


def standings(pks: Iterable[int], *, lock: bool = False) -> dict[int, Standing]:
    """By primary key, of those who are here; with `lock`, their rows stay as they are for the transaction."""
    students = Student.objects.select_for_update() if lock else Student.objects.all()
    found = {student.pk: Standing(student) for student in students.filter(pk__in=list(pks)).order_by("pk")}
    for photo in StudentPhoto.objects.filter(student__in=list(found)):
        found[photo.student_id].photos.append(photo)
    owned = StoredFile.objects.filter(owner_label=OWNER_LABEL, owner_id__in=[str(pk) for pk in found])
    for file in owned.order_by("pk"):
        found[int(file.owner_id)].files.append(file)
    return found
