"""Who is here, by number and by name: one query for a batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from students.models import Student
from students.recovery.evidence.findings import StudentRef
from students.search import words

Refs = dict[str, set[StudentRef]]
# One look into the index for each name: of all of them in one condition the planner would read every row.
_CALLED = """
SELECT DISTINCT student.id, student.student_id, student.student_number, student.name
FROM unnest(%s::text[]) AS asked
JOIN students_student AS student ON student.search @@ to_tsquery('simple', asked)
"""


def ref_of(student: Student) -> StudentRef:
    """The student, as findings name them."""
    return StudentRef(student.pk, str(student.student_id), student.name, bool(student.student_number))


def by_number(numbers: Collection[str]) -> dict[str, StudentRef]:
    """Who has these numbers today."""
    found = Student.objects.filter(student_number__in=numbers)
    return {str(one.student_number): ref_of(one) for one in found}


def by_name(names: Collection[str]) -> Refs:
    """Who is called exactly so."""
    refs: Refs = defaultdict(set)
    for one in Student.objects.filter(name__in=names):
        refs[one.name].add(ref_of(one))
    return refs


def by_name_words(names: Collection[tuple[str, ...]]) -> dict[tuple[str, ...], set[StudentRef]]:
    """Who is called by exactly these words, in any order, without case and accents; by the search index."""
    refs: dict[tuple[str, ...], set[StudentRef]] = defaultdict(set)
    for one in Student.objects.raw(_CALLED, [[" & ".join(one) for one in names]]) if names else ():
        called = tuple(sorted(words(one.name)))
        if called in names:
            refs[called].add(ref_of(one))
    return refs
