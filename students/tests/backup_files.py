"""Files that are no backups of ours: of the old kind, forged, and hostile ones."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

from students.recovery.backups import layout


def old(*students: dict[str, Any]) -> bytes:
    return json.dumps({"students": students}).encode()


def old_student(**values: Any) -> dict[str, Any]:
    student_id = str(uuid4())
    return {
        "student_id": student_id,
        "name": "Ada",
        "photo": f"/api/photos/students/{student_id}/profile.jpg",
    } | values


SAME = str(uuid4())


HOSTILE = {
    "0 bytes": b"",
    "not JSON": b"Dear diary,",
    "cut off": old(old_student())[:-9],
    "binary": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(100),
    "wrong shape": b'{"photos": 3}',
    "a number": b"17",
    "a student that is none": b'{"students": [1]}',
    "climbing": old(old_student(student_id="../../x")),
    "NUL": old(old_student(student_id="\0")),
    "NUL in the name": old(old_student(name="A\0da")),
    "braces": old(old_student(student_id="{" + SAME + "}")),
    "a number as id": old(old_student(student_id=7)),
    "twice": old(old_student(student_id=SAME), old_student(student_id=SAME)),
    "no name": old(old_student(name="")),
    "deep": b"[" * 100_000,
    "a huge number": b'[{"student_id": ' + b"9" * 5_000 + b"}]",
}


def manifest_for(content: bytes, students: int, *, photos: int = 0) -> bytes:
    """The last line, as anybody can write it who has no key."""
    counts = {"students": students, "photos": photos, "attendance": 0}
    values = {**counts, "sha256": hashlib.sha256(content).hexdigest()}
    return layout.MANIFEST + json.dumps(values).encode() + layout.END


def forged(backup: Path, **values: Any) -> bytes:
    """A backup of one student with other values: whole by its sha256, without our seal."""
    head, line, *_rest = backup.read_bytes().splitlines(keepends=True)
    content = head + json.dumps(json.loads(line) | values).encode() + b"\n" + layout.ERASED
    return content + manifest_for(content, 1)
