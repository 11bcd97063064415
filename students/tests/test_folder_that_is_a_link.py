"""A symbolic link in the place of one student's folder stops neither the others nor the next command."""

from __future__ import annotations

from typing import Any

from photostore.models import OperationStep
from students.models import Student
from students.tests.reseeding import migrate, reseed
from students.tests.school import enrol, face


def test_that_student_alone_is_skipped(api: Any, settings: Any, tmp_path: Any) -> None:
    names = ("Ada", "Bea", "Cleo")
    for number, name in enumerate(names):
        enrol(api, name, student_number=f"S-{number}", photo=face(number + 1))
    students = list(reseed(names).values())
    folder = settings.STORAGES["default"]["OPTIONS"]["location"] / "photos/students"
    (folder / str(students[1].student_id)).symlink_to(tmp_path)
    for _again in range(2):
        migrate()
        has_photo = [bool(Student.objects.get(pk=student.pk).photo_sha256) for student in students]
        assert has_photo == [True, False, True]
        states = OperationStep.objects.values_list("state", flat=True)
        assert OperationStep.State.PLANNED not in states
        skipped = OperationStep.objects.filter(state=OperationStep.State.SKIPPED).latest("pk")
        assert skipped.details["student"] == students[1].pk
        assert skipped.note
