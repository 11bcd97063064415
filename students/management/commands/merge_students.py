from __future__ import annotations

from typing import Any

from students.management.by_hand import STUDENT, ByHandCommand
from students.recovery.reassign.by_hand import Moved, merge_students


class Command(ByHandCommand):
    help = (
        "Gives every photo of a student who was entered twice to the row that stays, keeps the number, "
        "and ends the other row. undo_photo_operation undoes it."
    )
    asked = {"keep": f"the row that stays: {STUDENT}", "duplicate": f"the row that ends: {STUDENT}"}

    def move(self, options: dict[str, Any]) -> Moved:
        return merge_students(
            keep=self.student(options["keep"]),
            duplicate=self.student(options["duplicate"]),
            actor=self.actor,
        )
