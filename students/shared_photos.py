"""Pictures that are on two students, and runs of photos that are each on the next one: a list's mistakes."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection

from photostore.registration import Contradiction
from students.checking import called
from students.models import Student

SHARED = "Look whose it is: swap_photos, move_version or remove_version"
SHIFTED = "Look at each: a list was perhaps read one row off (undo_photo_operation, or swap_photos)"
# Named in one line of what verify_media prints.
MOST_NAMED = 5

# The same pixels, the same file, or the stored photo of one that was handed in for the other.
_SHARED = """
SELECT DISTINCT ON (pks) pks, key FROM (
    SELECT array_agg(DISTINCT student_id ORDER BY student_id) AS pks, min(key) AS key FROM (
        SELECT p.student_id, s.profile_photo AS key,
            unnest(ARRAY[pixel_sha256, sha256, untagged_sha256, source_sha256]) AS looks
        FROM students_studentphoto AS p JOIN students_student AS s ON s.id = p.student_id
        WHERE p.slot = 'profile' AND p.replaced_at IS NULL) AS photo
    WHERE looks <> '' GROUP BY looks HAVING count(DISTINCT student_id) > 1) AS shared
ORDER BY pks
"""
# The file that came in for one student was called by another one's number.
_CALLED_BY_ANOTHERS = """
SELECT p.student_id, other.id FROM students_studentphoto AS p
JOIN students_student AS s ON s.id = p.student_id
JOIN students_student AS other
    ON other.student_number = regexp_replace(p.original_filename, '\\.[^.]*$', '') AND other.id <> s.id
WHERE p.slot = 'profile' AND p.replaced_at IS NULL AND p.original_filename <> ''
    AND regexp_replace(p.original_filename, '\\.[^.]*$', '') IS DISTINCT FROM s.student_number
ORDER BY 1
"""


def shared_photos() -> Iterator[Contradiction]:
    """One for each picture on several students, and for each run of at least two photos that are shifted."""
    with connection.cursor() as cursor:
        cursor.execute(_SHARED)
        for pks, key in cursor.fetchall():
            why = f"the same picture is the photo of {len(pks)} students"
            yield Contradiction(key, _names(pks), why, SHARED, pks[0], "shared")
        cursor.execute(_CALLED_BY_ANOTHERS)
        for run in _runs(dict(cursor.fetchall())):
            why = f"{len(run) - 1} photos in a row came in under the number of the next one"
            yield Contradiction("", _names(run), why, SHIFTED, run[0], "shared")


def _runs(called_by: dict[int, int]) -> Iterator[list[int]]:
    """Chains of students, each of whose photos names the next; of at least two photos."""
    left, named = dict(called_by), set(called_by.values())
    for start in sorted(called_by, key=lambda pk: pk in named):  # beginnings before what may be a circle
        run = [start]
        while (following := left.pop(run[-1], None)) is not None:
            run.append(following)
            if following == start:
                break
        if len(run) > 2:
            yield run


def _names(pks: list[int]) -> str:
    rows = Student.objects.filter(pk__in=pks[:MOST_NAMED]).values_list("pk", "name", "class_name")
    names = {pk: called(name, class_name, pk) for pk, name, class_name in rows}
    more = f" and {len(pks) - MOST_NAMED} more" if len(pks) > MOST_NAMED else ""
    return ", ".join(names[pk] for pk in pks[:MOST_NAMED] if pk in names) + more
