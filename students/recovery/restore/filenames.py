"""Whose a stray file might be by its name. A proposal for a person, and never more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from photostore.inventory import orphans
from photostore.storage import FileStat
from students.key_claims import Place, place_of
from students.models import Student
from students.recovery.unowned import BATCH, Location, Stray, read_stray
from students.tombstones import erased_pictures, erased_students


def proposals(tick: Callable[[], None] = lambda: None) -> Iterator[dict[str, Any]]:
    """Stray files whose names name a student who has no photo.

    Not those whose identity inside names somebody else, nor what was erased on request. Streams; `tick` is
    called after each file that was looked at.
    """
    for alias in ("default", "safe"):
        for prefix in ("student_photos/", "photos/students/"):
            files = orphans(alias, prefix)
            while batch := list(islice(files, BATCH)):
                yield from _proposed(alias, batch, tick)


def _proposed(alias: str, files: list[FileStat], tick: Callable[[], None]) -> Iterator[dict[str, Any]]:
    named = list(_named(files))
    strays = []
    for file, student in named:
        stray = read_stray(Location(alias, file.key, file.key, file.byte_size, file.modified_at))
        tick()
        if stray is not None and stray.named_student in {None, student.student_id}:
            strays.append((student, stray))
    erased = _erased(strays)
    for student, stray in strays:
        if stray.key not in erased:
            yield {"file": stray.key, "storage": alias, "id": student.pk, "name": student.name}


def _named(files: Iterable[FileStat]) -> Iterator[tuple[FileStat, Student]]:
    """Each file with the student of its name; two queries for all of them."""
    places = {file: place_of(file.key) for file in files}
    without = Student.objects.without_photo()
    by_pk = without.in_bulk({place.pk for place in places.values() if place.pk is not None})
    folders = {place.folder for place in places.values() if place.folder and _is_safe(place)}
    by_folder = {one.student_id: one for one in without.filter(student_id__in=folders)}
    for file, place in places.items():
        if place.pk is not None:
            student = by_pk.get(place.pk)
        else:
            student = by_folder.get(place.folder) if place.folder and _is_safe(place) else None
        if student is not None:
            yield file, student


def _is_safe(place: Place) -> bool:
    return place.role == "safe"


def _erased(strays: list[tuple[Student, Stray]]) -> set[str]:
    pictures = erased_pictures(
        sha256 for _student, stray in strays for sha256 in (stray.sha256, stray.bare_sha256)
    )
    students = erased_students(stray.named_student for _student, stray in strays if stray.named_student)
    return {
        stray.key
        for _student, stray in strays
        if stray.named_student in students or pictures.keys() & {stray.sha256, stray.bare_sha256}
    }
