from __future__ import annotations

from typing import Any

from students.management.by_hand import STUDENT, VERSION, ByHandCommand
from students.recovery.reassign.by_hand import Moved, remove_version


class Command(ByHandCommand):
    help = (
        "Sets one version of a student's photo aside in quarantine. Where it was the photo, the one "
        "before is the photo again. undo_photo_operation undoes it."
    )
    asked = {"student": STUDENT, "sha256": VERSION}

    def move(self, options: dict[str, Any]) -> Moved:
        return remove_version(
            student=self.student(options["student"]), sha256=options["sha256"], actor=self.actor
        )
