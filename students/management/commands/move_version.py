from __future__ import annotations

from typing import Any

from students.management.by_hand import STUDENT, VERSION, ByHandCommand
from students.recovery.reassign.by_hand import Moved, move_version


class Command(ByHandCommand):
    """Gives one photo to another student."""

    help = (
        "Gives one version of a photo, which went to the wrong student, to the right one. Where it was the "
        "photo, the previous photo becomes current again. undo_photo_operation undoes it."
    )
    asked = {"student": f"who has it: {STUDENT}", "sha256": VERSION, "to": f"whose it is: {STUDENT}"}

    def move(self, options: dict[str, Any]) -> Moved:
        return move_version(
            source=self.student(options["student"]),
            sha256=options["sha256"],
            target=self.student(options["to"]),
            actor=self.actor,
        )
