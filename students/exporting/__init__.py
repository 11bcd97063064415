"""Students' photos as plain files with readable names, for printing a yearbook: without the tag."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db.models.functions import Lower

from photostore import tags
from photostore.audit import Actor, record
from photostore.commands import alone
from photostore.errors import CommandRefused, FileMissing, InvalidFile
from photostore.storage import storage_for
from students.exporting.names import Names
from students.exporting.targets import Target, target_at
from students.models import Student
from students.todays import standing_of, with_standing
from students.versions import MAX_STORED_BYTES

EXPORTING = ("students.exporting", "Another export is being written. Try again when it has finished.")
COLUMNS = (
    *("pk", "student_id", "student_number", "name", "first_name", "last_name", "grade", "class_name"),
    *("profile_photo", "photo_sha256", "standing", "version_key"),
)
NOT_EXPORTED = {
    "legacy": "not taken over yet; run adopt_media",
    "register": "its version's row is gone; run restore_student_photos",
    "none": "nothing says for sure that it is theirs; see verify_media",
}


@dataclass(frozen=True)
class Exported:
    """One student: under which name their photo was written, or why it was not."""

    name: str
    class_name: str
    file: str = ""
    why_not: str = ""

    def __str__(self) -> str:
        called = f"{self.name} ({self.class_name})" if self.class_name else self.name
        return self.file or f"Left out: {called}: {self.why_not}"


@dataclass(frozen=True)
class Export:
    """What is to be exported, and where to."""

    target: Path
    class_name: str | None
    names: Names
    actor: Actor

    @property
    def students(self) -> Any:
        """Who has a photo; by class and name, so that names that collide are numbered alike each time."""
        students = Student.objects.with_photo().order_by(
            "class_name", Lower("last_name"), Lower("first_name"), Lower("name"), "pk"
        )
        return students if self.class_name is None else students.filter(class_name=self.class_name)

    def run(self) -> Iterator[Exported]:
        """Write them all, one by one; the target is there when all of it is, and is audited.

        Raises `CommandRefused` for a target that has anything in it, and where no student has a photo.
        """
        if not self.students.exists():
            whom = "" if self.class_name is None else f" in class {self.class_name!r}"
            raise CommandRefused(f"Nobody{whom} has a photo; nothing was exported.", code="nobody")
        with alone(*EXPORTING), target_at(self.target) as target:
            written = 0
            for row in with_standing(self.students).values(*COLUMNS).iterator(chunk_size=500):
                exported = self._write(row, target)
                written += bool(exported.file)
                yield exported
            whose = "everybody" if self.class_name is None else f"class {self.class_name}"
            record(self.actor, "photos.export", subject=f"{written} photos of {whose}")

    def _write(self, row: dict[str, Any], target: Target) -> Exported:
        who = {"name": row["name"], "class_name": row["class_name"]}
        standing = standing_of(row)
        if standing != "version":
            return Exported(**who, why_not=NOT_EXPORTED[standing])
        try:
            data = storage_for().read(row["version_key"], max_bytes=MAX_STORED_BYTES)
            bare = tags.strip(data)
        except FileMissing:
            return Exported(**who, why_not="the file is missing; run restore_student_photos")
        except InvalidFile:
            bare = b""
        if not bare or hashlib.sha256(data).hexdigest() != row["photo_sha256"]:
            return Exported(**who, why_not="the file is damaged; run restore_student_photos")
        file = self.names.of(row)
        target.write(file, bare)
        return Exported(**who, file=file)
