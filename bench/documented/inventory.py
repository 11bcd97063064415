"""The documented way with the inventory: sets of model objects, a HEAD per photo, one thread that hashes."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage

from photostore.models import StoredFile
from students.models import Student


def difference(root: str) -> tuple[int, int]:
    rows = set(StoredFile.objects.all())
    names = set()
    for folder, _folders, files in os.walk(root):
        for name in files:
            names.add(os.path.relpath(os.path.join(folder, name), root))  # noqa: PTH118 - as documented
    missing = {row for row in rows if row.key not in names}
    orphaned = names - {row.key for row in rows}
    return len(missing), len(orphaned)


def missing_in_bucket() -> int:
    """The number of missing files, each asked for by itself."""
    return sum(not default_storage.exists(row.key) for row in StoredFile.objects.all())


def rehash() -> int:
    damaged = 0
    for row in StoredFile.objects.all():
        data = (Path(settings.MEDIA_ROOT) / row.key).read_bytes()
        damaged += hashlib.sha256(data).hexdigest() != row.sha256
    return damaged


def verify(media_root: str) -> int:
    """After a disaster: how many are "verified" because a file of that name exists, one look at a time."""
    students = list(Student.objects.all())
    return sum((Path(media_root) / str(student.profile_photo)).exists() for student in students)
