"""What the commands share by which a person moves photos: whom they name, and what they say at the end."""

from __future__ import annotations

from abc import abstractmethod
from argparse import ArgumentParser
from typing import Any, ClassVar

from photostore.commands import DONE, PhotoCommand
from students.models import Student
from students.recovery.named_student import student_named
from students.recovery.reassign.by_hand import Moved, finish_killed

STUDENT = "an id, a UUID, or number:THEIR-NUMBER"
VERSION = "the version, as the history shows it; its first 8 characters will do"


class ByHandCommand(PhotoCommand):
    """A command that does what its arguments say, as one operation."""

    asked: ClassVar[dict[str, str]] = {}

    def arguments(self, parser: ArgumentParser) -> None:
        for name, said in self.asked.items():
            parser.add_argument(name, help=said)

    @abstractmethod
    def move(self, options: dict[str, Any]) -> Moved:
        pass

    def work(self, **options: Any) -> int:
        """Do it, and say how it is taken back."""
        name = str(self.name)
        killed = finish_killed(name, self.actor)
        if killed:
            self.say("A killed run was finished first. Run it again if this was another one.")
        moved = killed or self.move(options)
        self.result |= {"operation": moved.operation, "photos": moved.photos}
        self.say(f"Done, photos: {moved.photos}. To undo it: undo_photo_operation {moved.operation}")
        return DONE

    @staticmethod
    def student(text: str) -> Student:
        """Who is meant. Raises `CommandRefused`."""
        return student_named(text)
