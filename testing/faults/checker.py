"""What must be true of rows and bytes at any moment, and above all after an accident."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image

from testing.faults.view import TEMPORARY, Row, View, sha256

OWNER = "students.student"
UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
VERSION_NAME = re.compile(rf"photos/students/{UUID}/history/([0-9a-f]{{64}})\.\w+")
# Where the sweep looks: every prefix that the service writes students' files under.
SWEPT = re.compile(rf"(?:photos/students/{UUID}|student_photos|derived/students/{UUID}|quarantine/{UUID})/.+")


@dataclass(frozen=True)
class Findings:
    """Sentences about what must not be, and the keys of what is merely left over."""

    broken: list[str]
    orphans: list[str]
    temporaries: list[str]


def check(view: View) -> Findings:
    """Everything that rows and bytes say against each other."""
    every_check = (_students, _versions, _register, _copies, _files, _set_aside)
    orphans = sorted(set(_orphans(view)))
    unsweepable = [f"{key} is left over where no sweep looks" for key in orphans if not SWEPT.fullmatch(key)]
    return Findings(
        broken=[sentence for one in every_check for sentence in one(view)] + unsweepable,
        orphans=orphans,
        temporaries=sorted({key for content in view.contents.values() for key in content if _temporary(key)}),
    )


def _students(view: View) -> Iterator[str]:
    """A student's photo is the one version without an end, and the one live original."""
    for student in view.students:
        today = [
            row.sha256 for row in view.versions if row.student_id == student.id and row.replaced_at is None
        ]
        live = [row.sha256 for row in _owned(view, student) if row.kind == "original" and row.live]
        stated = [student.photo_sha256] if student.photo_sha256 else []
        if not stated == today == live:
            yield f"student {student.id} states {stated}, its versions {today}, the register {live}"
        names = {row.key for row in _owned(view, student) if row.kind == "export"}
        if student.profile_photo and student.profile_photo not in names:
            yield f"student {student.id} names {student.profile_photo}, which is not in the register"


def _owned(view: View, student: Row) -> list[Row]:
    return [row for row in view.register if row.owner_label == OWNER and row.owner_id == str(student.id)]


def _versions(view: View) -> Iterator[str]:
    """Every version has its bytes, and its row in the register."""
    registered = {row.key: row for row in view.register if row.kind == "original"}
    students = {student.id for student in view.students}
    for version in view.versions:
        if view.sha256("default", version.file) != version.sha256:
            yield f"version {version.file} is missing or damaged"
        row = registered.get(version.file)
        if row is None or row.sha256 != version.sha256:
            yield f"version {version.file} is not in the register"
        if version.student_id not in students:
            yield f"version {version.file} is unowned"


def _register(view: View) -> Iterator[str]:
    """What the register says was written is there, as long and as it was."""
    for row in view.register:
        if row.kind == "export":
            continue
        data = view.contents[row.storage_alias].get(row.key)
        if data is None or len(data) != row.byte_size or sha256(data) != row.sha256:
            yield f"{row.kind} {row.key} is missing or damaged"


def _copies(view: View) -> Iterator[str]:
    """A export equals its original, or is marked as behind."""
    originals = {row.id: row for row in view.register if row.kind == "original"}
    for row in view.register:
        if row.kind != "export" or row.written_at is None:
            continue
        parent = originals.get(row.parent_id)
        if parent is None or not parent.live or parent.sha256 != row.sha256:
            yield f"copy {row.key} does not belong to a photo of today"
        if view.sha256(row.storage_alias, row.key) != row.sha256:
            yield f"copy {row.key} is not what today's photo is, and is not marked"


def _files(view: View) -> Iterator[str]:
    """Nothing under a final name is partial; a version is what its name says."""
    for (_place, key), data in view.files().items():
        if not decodes(data):
            yield f"{key} cannot be decoded"
        named = VERSION_NAME.fullmatch(key)
        if named and named[1] != sha256(data):
            yield f"{key} holds other bytes than its name says"


def _set_aside(view: View) -> Iterator[str]:
    """What was given up is in quarantine, or still where it was."""
    for row in view.quarantined:
        if view.sha256(row.storage_alias, f"quarantine/{row.operation}/{row.key}") != row.sha256:
            yield f"quarantined {row.key} is missing or damaged"
    for row in view.pending:
        if row.operation is None:
            continue
        homes = (row.key, f"quarantine/{row.operation}/{row.key}")
        if row.sha256 not in [view.sha256(row.storage_alias, key) for key in homes]:
            yield f"{row.key} was to be set aside, and is gone"


def _orphans(view: View) -> Iterator[str]:
    """Files that no row speaks of; what waits in the outbox is spoken of."""
    for content in {id(content): content for content in view.contents.values()}.values():
        aliases = {alias for alias, other in view.contents.items() if other is content}
        known = {row.key for row in [*view.register, *view.pending] if row.storage_alias in aliases}
        known |= {
            f"quarantine/{row.operation}/{row.key}"
            for row in [*view.quarantined, *view.pending]
            if row.storage_alias in aliases and row.operation
        }
        yield from (key for key in content if key not in known and not _temporary(key))


def _temporary(key: str) -> bool:
    return TEMPORARY.fullmatch(key) is not None


@lru_cache(maxsize=4096)
def decodes(data: bytes) -> bool:
    """Whether Pillow reads it to its last pixel."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.load()
    except Exception:  # whatever a decoder raises, the picture is not one
        return False
    return True
