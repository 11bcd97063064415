"""Measured in a process with Django in it: a large school, checked, and after a reseed brought together."""

from __future__ import annotations

import os
import signal
import time
import uuid
from pathlib import Path
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.models import Max

from bench.documented import inventory as documented
from bench.filled_store import measured
from bench.sizes import size
from photostore import keys
from photostore.intake import take_in_image
from photostore.models import OperationStep
from photostore.operations.runner import OperationRunner
from photostore.storage import storage_for
from students import identity
from students.models import Student, StudentPhoto
from students.versions import EXTENSIONS, photo_limits
from testing.phone import phone_jpeg
from testing.pictures import portrait, saved

# A file system allows a file some tens of thousands of names.
NAMES_OF_ONE = size(5_000, 20)
PICTURES = size(8, 2)

_STUDENTS = """
INSERT INTO students_student (student_id, student_number, name, first_name, last_name, grade,
    class_name, status, profile_photo, photo_sha256, created_at, updated_at)
SELECT gen_random_uuid(), 'S-' || i, 'Pupil ' || i, '', '', '', '', 'active',
    'student_photos/student_' || i || '_profile.jpg', %(sha256)s, now(), now()
FROM generate_series(1, %(count)s) AS i
"""
_PHOTOS = """
INSERT INTO students_studentphoto (student_id, file, sha256, untagged_sha256, source_sha256, pixel_sha256,
    dhash, width, height, content_type, origin, original_filename, credit, uploaded_by_id, uploaded_by,
    uploaded_at)
SELECT id, 'photos/students/' || student_id || '/history/' || photo_sha256 || '.jpg', photo_sha256,
    photo_sha256, photo_sha256, photo_sha256, 0, 300, 400, 'image/jpeg', 'api', '', '', '', '', now()
FROM students_student
"""
_ORIGINALS = """
INSERT INTO photostore_storedfile (storage_alias, key, sha256, byte_size, content_type, kind, live,
    keep_aside, owner_label, owner_id, written_at)
SELECT 'default', file, sha256, %(byte_size)s, 'image/jpeg', 'original', true, true, 'students.student',
    student_id::text, now() + interval '1 hour'
FROM students_studentphoto
"""
_COPIES = """
INSERT INTO photostore_storedfile (storage_alias, key, sha256, byte_size, content_type, kind, parent_id,
    live, keep_aside, owner_label, owner_id, written_at)
SELECT place.alias, place.key, f.sha256, f.byte_size, f.content_type, 'export', f.id, true, false,
    f.owner_label, f.owner_id, f.written_at
FROM photostore_storedfile f JOIN students_student s ON s.id::text = f.owner_id,
    LATERAL (VALUES ('default', s.profile_photo),
        ('safe', 'photos/students/' || s.student_id || '/profile.jpg')) AS place (alias, key)
WHERE f.kind = 'original'
"""


def a_school(count: int) -> None:
    """Students with a photo each: rows by SQL, copies as links to the version."""
    call_command("migrate", verbosity=0)
    identity.keys()  # the rows below look signed, and a key that is expected is not made any more
    picture = saved(portrait(1, 60, 80), "JPEG")
    sha256 = take_in_image(picture, filename="p.jpg", limits=photo_limits()).source_sha256
    with connection.cursor() as cursor:
        cursor.execute(_STUDENTS, {"count": count, "sha256": sha256})
        cursor.execute(_PHOTOS)
        cursor.execute(_ORIGINALS, {"byte_size": len(picture)})
        cursor.execute(_COPIES)
        cursor.execute("VACUUM ANALYZE")
    storage_for().prepare()
    root = Path(settings.MEDIA_ROOT)
    (root / "student_photos").mkdir(mode=0o700)
    for pk, student_id in Student.objects.values_list("pk", "student_id").iterator():
        version = root / keys.student_version(student_id, sha256, "jpg")
        version.parent.mkdir(parents=True, mode=0o700)
        if pk % NAMES_OF_ONE == 1:
            bytes_on_disk = version
            version.write_bytes(picture)
        else:
            version.hardlink_to(bytes_on_disk)
        for key in (keys.student_documented(pk, "jpg"), keys.student_safe(student_id)):
            os.link(version, root / key)


def command(words: list[str]) -> dict[str, float]:
    """One of our commands, such as the check of everybody's version, documented names and attendance."""
    return measured(lambda: _quietly(*words))


def documented_verify() -> dict[str, float]:
    return measured(lambda: documented.verify(str(settings.MEDIA_ROOT)))


def a_reseeded_school(count: int) -> None:
    """Everybody was entered again; the photos, each naming its student inside, belong to nobody."""
    call_command("migrate", verbosity=0)
    storage_for().prepare()
    picture = take_in_image(
        saved(portrait(1, 60, 80), "JPEG"), filename="p.jpg", limits=photo_limits()
    ).picture
    root, extension = Path(settings.MEDIA_ROOT), EXTENSIONS[picture.content_type]
    numbers = [f"S-{number}" for number in range(count)]
    for place, number in enumerate(numbers):
        old = uuid.uuid4()
        version = root / keys.student_version(old, f"{place:064x}", extension)
        version.parent.mkdir(parents=True, mode=0o700)
        version.write_bytes(identity.tag(picture.data, student_id=old, student_number=number))
    Student.objects.bulk_create(
        (Student(name=f"Pupil {number}", student_number=number) for number in numbers),
        batch_size=1_000,
    )


def migrate(seconds: int) -> dict[str, float]:
    """Every orphan given to its student, journaled, synced to the disk; for so many `seconds`.

    Stopped as a person would with Ctrl-C, so long after the first step: the plan's time is not counted, nor
    is it in `students_per_second`.
    """
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    steps, began = OperationRunner.steps, list[float]()

    def timed(runner: OperationRunner, kind: str, planned: Any) -> list[OperationStep]:
        if not began:
            began.append(time.time())
            signal.alarm(seconds)
        return steps(runner, kind, planned)

    with patch.object(OperationRunner, "steps", timed):
        figures = command(["migrate_orphaned_photos", "--migrate"])
    signal.alarm(0)
    last = OperationStep.objects.filter(state=OperationStep.State.DONE).aggregate(at=Max("at"))["at"]
    right = sum(
        identity.number_hash(photo.student.student_number) == named.number_hash
        for photo in StudentPhoto.objects.of_profile()
        .filter(replaced_at=None)
        .select_related("student")
        .iterator()
        if (named := identity.read(storage_for().read(str(photo.file), max_bytes=2**20)))
    )
    took = last.timestamp() - began[0]
    return figures | {
        "right": right,
        "done": Student.objects.with_photo().count(),
        "students_per_second": right / took,
    }


def _quietly(*command: str) -> None:
    """Its words go nowhere: kept, they would count as the command's own memory."""
    with Path(os.devnull).open("w") as nowhere:
        try:
            call_command(*command, stdout=nowhere, stderr=nowhere)
        except SystemExit as ended:
            assert ended.code != 2, command


def a_school_of_others(count: int, megapixels: float = 0) -> None:
    """Rows and files as S0 and S1 leave them: everybody's photo under both documented names.

    Phones' photos of so many megapixels, or small portraits.
    """
    call_command("migrate", verbosity=0)
    storage_for().prepare()
    pictures = [
        phone_jpeg(seed, megapixels) if megapixels else saved(portrait(seed, 60, 80), "JPEG")
        for seed in range(min(count, PICTURES))
    ]
    root = Path(settings.MEDIA_ROOT)
    (root / "student_photos").mkdir(mode=0o700)
    students = Student.objects.bulk_create(Student(name=f"Pupil {number}") for number in range(count))
    for student in students:
        student.profile_photo.name = keys.student_documented(student.pk, "jpg")
        for key in (str(student.profile_photo), keys.student_safe(student.student_id)):
            (root / key).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            (root / key).write_bytes(pictures[student.pk % len(pictures)])
    Student.objects.bulk_update(students, ["profile_photo"], batch_size=1_000)
