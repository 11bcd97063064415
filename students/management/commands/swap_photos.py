from __future__ import annotations

from typing import Any

from students.management.by_hand import STUDENT, ByHandCommand
from students.recovery.reassign.by_hand import Moved, swap_photos


class Command(ByHandCommand):
    """Exchanges the photos of two students."""

    help = "Exchanges the current photos of two students, as one operation. undo_photo_operation undoes it."
    asked = {"one": STUDENT, "other": STUDENT}

    def move(self, options: dict[str, Any]) -> Moved:
        return swap_photos(
            one=self.student(options["one"]), other=self.student(options["other"]), actor=self.actor
        )
