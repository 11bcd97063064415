"""File names as photographers write them, matched at once and one by one."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import PurePath

from django.db.models import Q

from bench.measure import peak_mib
from students.matching import Clues, Matcher
from students.models import Student

_WRITTEN: tuple[Callable[[Student], str], ...] = (
    lambda one: f"{one.student_number}.jpg",
    lambda one: f"{str(one.student_number).lower()}_{one.last_name}_{one.first_name}.jpg",
    lambda one: f"{one.last_name.upper()}_{one.first_name}.JPG",
    lambda one: f"{one.class_name}/{one.first_name} {one.last_name} (1).jpg",
    lambda one: f"{one.first_name[:-1]}y {one.last_name}.jpg",
)


def _names(count: int) -> list[str]:
    """Of students strewn over the school; every fifth in the same way."""
    every = max(Student.objects.count() // count, 1)
    students = Student.objects.filter(pk__in=range(1, every * count, every)).order_by("pk")
    return [_WRITTEN[n % len(_WRITTEN)](student) for n, student in enumerate(students)]


def ours(count: int) -> dict[str, float]:
    """From nothing: the index is part of it."""
    names = _names(count)
    before, started = peak_mib(), time.perf_counter()
    matches = Matcher().match([Clues(file_name=name) for name in names])
    seconds = time.perf_counter() - started
    assert sum(bool(match.candidates) for match in matches) > 0.95 * len(names)
    return {"seconds": seconds, "extra_mib": peak_mib() - before}


def one_by_one(count: int) -> dict[str, float]:
    """A query for each name, as a view would ask without an index of its own."""
    names = _names(count)
    before, started = peak_mib(), time.perf_counter()
    for name in names:
        stem = PurePath(name).stem
        fitting = Q(student_number__iexact=stem)
        for word in stem.replace("_", " ").split():
            fitting |= Q(name__icontains=word)
        list(Student.objects.filter(fitting).values_list("pk", "name"))
    return {"seconds": time.perf_counter() - started, "extra_mib": peak_mib() - before}
