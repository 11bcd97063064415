"""Who is here, by number and by name: one query for a batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from students.models import Student
from students.recovery.evidence.findings import StudentRef

Refs = dict[str, set[StudentRef]]


def ref_of(student: Student) -> StudentRef:
    """The student, as findings name them."""
    return StudentRef(student.pk, str(student.student_id), student.name, bool(student.student_number))


def by_number(numbers: Collection[str]) -> dict[str, StudentRef]:
    found = Student.objects.filter(student_number__in=numbers)
    return {str(one.student_number): ref_of(one) for one in found}


def by_name(names: Collection[str]) -> Refs:
    refs: Refs = defaultdict(set)
    for one in Student.objects.filter(name__in=names):
        refs[one.name].add(ref_of(one))
    return refs
