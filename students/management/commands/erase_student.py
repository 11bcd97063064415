"""`manage.py erase_student`: ends a student and every photo of theirs, at once and for good."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.conf import settings

from photostore.commands import DONE, PhotoCommand
from photostore.errors import CommandRefused, Conflict
from photostore.models import Operation
from photostore.operations import run_operation
from photostore.operations.runner import interrupted
from students.models import Student
from students.recovery.erase.remaining_traces import backups_that_remain, gone_student
from students.recovery.named_student import student_named
from students.tombstones import Tombstone


class Command(PhotoCommand):
    """Erases one student. There is no way back."""

    help = (
        "Removes a student, every version and copy of every photo, attendance photos, thumbnails and what "
        "lies in quarantine, at once and for good. A backup does not bring them back; the same picture "
        "handed in anew is taken. Asks first, unless --confirm is given."
    )

    def arguments(self, parser: ArgumentParser) -> None:
        """Who, and whether it was thought over."""
        parser.add_argument("student", help="an id, a UUID, or number:THEIR-NUMBER")
        parser.add_argument("--confirm", action="store_true", help="do not ask")

    def work(self, **options: Any) -> int:
        """Find, ask, erase, and say what remains in backups."""
        found = self._found(options["student"])
        if isinstance(found, Student):
            self._ask(found, confirm=options["confirm"])
            student_id, pk = found.student_id, found.pk
        else:
            student_id, pk = found
            self._ask_about(f"Student {student_id}, who was deleted,", confirm=options["confirm"])
        with (
            run_operation(self.name, self.actor, can_be_undone=False) as runner,
            self.waiting("Erasing"),
        ):
            done = runner.step(
                "erase_student",
                subject=f"student {student_id}",
                details={"student": pk, "student_id": str(student_id)},
            )
        if not done:
            raise Conflict(_AGAIN)
        return self._conclude(student_id, _every_id(runner.operation))

    def _found(self, text: str) -> Student | tuple[UUID, int]:
        """The student; or who they were, when an erasure of theirs was killed or is asked for again."""
        try:
            return student_named(text)
        except CommandRefused:
            for operation in interrupted():
                step = operation.steps.filter(kind="erase_student").last()
                if step and text in (step.details["student_id"], str(step.details["student"])):
                    return UUID(step.details["student_id"]), step.details["student"]
            stone = _tombstone(text)
            gone = (stone.student_id, 0) if stone else gone_student(text)
            if gone is None:
                raise
            return gone

    def _ask(self, student: Student, *, confirm: bool) -> None:
        self._ask_about(f"{student.name} (ID {student.pk})", confirm=confirm)

    def _ask_about(self, who: str, *, confirm: bool) -> None:
        if confirm:
            return
        if self.json or not sys.stdin.isatty():
            raise CommandRefused(
                "Nothing was erased: add --confirm to say that it is meant.", code="not_confirmed"
            )
        self.say(f"{who} and every photo of theirs will be erased for good.")
        if input("Type yes to go on: ").strip().lower() != "yes":
            raise CommandRefused("Nothing was erased.", code="not_confirmed")

    def _conclude(self, student_id: UUID, ids: set[UUID]) -> int:
        remaining = sorted({name for one in ids for name in backups_that_remain(one)})
        self.result |= {"student_id": str(student_id), "remains_in": remaining}
        self.say(f"Erased: student {student_id}.")
        for name in remaining:
            self.say(f"Remains in {name}: delete that backup when its time has come.")
        self.say(
            "A restore from these backups does not bring the student back."
            if remaining
            else "No backup names them."
        )
        if not settings.OWN_DATABASE:
            self.say(
                "The log of your database server may name them, too: docs/settings.md says how it does not."
            )
        return DONE


_AGAIN = "The student's files were changed at the same moment. Run the command again."


def _every_id(operation: Operation) -> set[UUID]:
    """With those that the student had before a reseed: an old backup knows only these."""
    steps = operation.steps.filter(kind="erase_student", details__has_key="student_id")
    return {
        UUID(one) for step in steps for one in (step.details["student_id"], *step.details.get("earlier", ()))
    }


def _tombstone(text: str) -> Tombstone | None:
    try:
        student_id = UUID(text)
    except ValueError:
        return None
    return Tombstone.objects.filter(student_id=student_id, sha256="").first()
