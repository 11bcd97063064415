"""The school that the benches ask: one million students, or a few, and Alice, who may do everything."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.db import connection

from bench.sizes import size
from photostore.audit import Actor
from photostore.storage import storage_for
from students.models import Student, StudentPhoto
from students.photos import upload_photo
from students.versions import take_in
from testing.people import make_person
from testing.phone import phone_jpeg

CLASSES = size(1000, 50)
# Of 80 first names and 500 last names, strewn over the rows as they would be; every 20th has no photo.
_SYLLABLES = (
    ("Ad", "Be", "Cla", "Do", "El", "Fi", "Gu", "Han", "In", "Jo"),
    ("a", "na", "ro", "lia", "mir", "nus", "ette", "ine"),
    ("Lov", "Mar", "Sch", "Ber", "Dup", "Fav", "Gros", "Hug", "Klein", "Roch"),
    ("el", "in", "on", "at", "ier"),
    ("ace", "ard", "mann", "sky", "ez", "ot", "eau", "ini", "off", "ski"),
)
_FILL = """
INSERT INTO students_student (student_id, student_number, name, first_name, last_name, grade,
    class_name, status, profile_photo, photo_sha256, photo_updated_at, created_at, updated_at)
SELECT gen_random_uuid(), 'S-' || i, first || ' ' || last, first, last, (i %% 12 + 1)::text,
    'class ' || i %% %(classes)s, CASE WHEN i %% 10 = 3 THEN 'left' ELSE 'active' END,
    CASE WHEN i %% 20 = 0 THEN '' ELSE 'student_photos/student_' || i || '_profile.jpg' END,
    CASE WHEN i %% 20 = 0 THEN '' ELSE hash || hash END, now(), now(), now()
FROM (
    SELECT i, md5(i::text) AS hash,
        (%(first)s::text[])[1 + (hashint8(i) & 65535) %% array_length(%(first)s::text[], 1)] AS first,
        (%(last)s::text[])[1 + (hashint8(-i) & 65535) %% array_length(%(last)s::text[], 1)] AS last
    FROM generate_series(1, %(count)s) AS i
) AS people
"""


def newcomer(name: str, *permissions: str, **values: Any) -> tuple[Any, str]:
    """Migrates an empty database; the first person in it, and their token."""
    from knox.models import AuthToken

    call_command("migrate", verbosity=0)
    person = make_person(name, *permissions, **values)
    _row, token = AuthToken.objects.create(person)
    return person, str(token)


def found(count: int) -> str:
    """Fills an empty database; gives Alice's token."""
    _alice, token = newcomer("alice", "view_student", "change_student", is_staff=True)
    storage_for().prepare()  # else a link would find a place where nothing was ever put
    _fill(count)
    return token


def found_with_photo() -> str:
    """The same with one student, whose photo of about 250 KB is there as well."""
    token = found(1)
    incoming = take_in(phone_jpeg(1, 1.8), filename="photo.jpg", origin=StudentPhoto.Origin.API)
    upload_photo(student=Student.objects.get(), incoming=incoming, actor=Actor("", "", "bench"))
    return token


def _fill(count: int) -> None:
    first, second, third, fourth, fifth = _SYLLABLES
    names = {
        "first": [a + b for a in first for b in second],
        "last": [a + b + c for a in third for b in fourth for c in fifth],
    }
    # An index is built in one go in a third of the time that a million insertions into it take.
    with connection.schema_editor() as editor:
        for index in Student._meta.indexes:
            editor.remove_index(Student, index)
        with connection.cursor() as cursor:
            cursor.execute(_FILL, {"count": count, "classes": CLASSES, **names})
    with connection.schema_editor() as editor:
        editor.execute("SET maintenance_work_mem = '256MB'")
        for index in Student._meta.indexes:
            editor.add_index(Student, index)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE students_student")
