"""Use cases: see what the made-up school lacks here, and add it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from django.db.models import Count

from photostore.audit import Actor
from photostore.storage import storage_for
from students.demo.roster import Pupil, Sitting, pupils, unowned_files
from students.enrolment import create_student
from students.models import Student, StudentPhoto
from students.photos import upload_photo
from students.versions import IncomingPhoto, take_in

CREDIT = "Drawn by Photokeep"
THREADS = 2


@dataclass(frozen=True)
class Task:
    """A pupil who is missing, or whose photos are: those from number `first` on."""

    pupil: Pupil
    first: int

    def pictures(self) -> list[IncomingPhoto]:
        """The photos, drawn and taken in; pure, so it can run beside the writing."""
        return [_taken_in(sitting) for sitting in self.pupil.sittings[max(self.first, 0) :]]


@dataclass(frozen=True)
class Plan:
    """What there is and what is to be done; nothing has been done yet."""

    school: list[Pupil]
    tasks: list[Task]
    others: int
    taken_numbers: list[str]

    @property
    def photos(self) -> int:
        return sum(task.pupil.photos - max(task.first, 0) for task in self.tasks)


def plan_school() -> Plan:
    """Compare the roster with the database. Who is there with all photos is left alone."""
    school = pupils()
    ids = [pupil.student_id for pupil in school]
    ours = Student.objects.filter(student_id__in=ids).annotate(versions=Count("photos"))
    versions = dict(ours.values_list("student_id", "versions"))
    others = Student.objects.exclude(student_id__in=ids)
    missing = [pupil.number for pupil in school if pupil.student_id not in versions]
    numbers = others.filter(student_number__in=missing).values_list("student_number", flat=True)
    tasks = [Task(pupil, versions.get(pupil.student_id, -1)) for pupil in school]
    return Plan(
        school=school,
        tasks=[task for task in tasks if task.first < task.pupil.photos],
        others=others.count(),
        taken_numbers=sorted(str(number) for number in numbers),
    )


def carry_out(plan: Plan, actor: Actor) -> Iterator[Pupil]:
    """Add what is lacking, yielding each pupil who is done. Safe to stop anywhere and to plan anew."""
    if plan.tasks:
        _lay_out_unowned_files(plan)
    with ThreadPoolExecutor(THREADS) as drawers:
        try:
            for task, pictures in zip(plan.tasks, drawers.map(Task.pictures, plan.tasks), strict=True):
                _add(task, pictures, actor)
                yield task.pupil
        finally:
            drawers.shutdown(cancel_futures=True)


def _add(task: Task, pictures: list[IncomingPhoto], actor: Actor) -> None:
    if task.first < 0:
        first, pictures = (pictures[0], pictures[1:]) if pictures else (None, [])
        student = create_student(fields=task.pupil.fields, actor=actor, incoming=first)
    else:
        student = Student.objects.get(student_id=task.pupil.student_id)
    for picture in pictures:
        upload_photo(student=student, incoming=picture, actor=actor)


def _taken_in(sitting: Sitting) -> IncomingPhoto:
    incoming = take_in(sitting.jpeg(), filename=sitting.filename, origin=StudentPhoto.Origin.IMPORT)
    return replace(incoming, taken_on=sitting.taken_on, credit=CREDIT)


def _lay_out_unowned_files(plan: Plan) -> None:
    """Straight into the storage, as an older system left them; what lies there already stays."""
    storage = storage_for()
    storage.prepare()
    for key, sitting in unowned_files(plan.school).items():
        if storage.stat(key) is None:
            storage.put(key, sitting.jpeg(), content_type="image/jpeg")
