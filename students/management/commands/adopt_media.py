"""`manage.py adopt_media`: photos that were here before this service become known to it."""

from __future__ import annotations

from argparse import ArgumentParser
from contextlib import nullcontext
from typing import Any

from photostore.commands import DONE, PhotoCommand
from photostore.inventory.seen import Seen
from photostore.operations import OperationRunner, run_operation
from students.checking import called
from students.recovery.legacy import Adoption, adopt, photo_adoptions, rest_adoptions, unknown_photos
from students.recovery.make_roots import make_roots
from students.slots import PROFILE, moment_in


class Command(PhotoCommand):
    """Takes over an existing deployment's photos under the names that they have."""

    help = (
        "Finds students' photos under their documented names (student_photos/student_{id}_profile.*, "
        "photos/students/{student_id}/profile.jpg and attendance/*.jpg) that are not known yet: hashes, "
        "cleans, tags and registers them and keeps each as a version. Nothing is renamed, but a photo "
        "that lies under another student's name gets its own; the old bytes stay in quarantine. A file that "
        "has only the integer id in its name is listed and left alone, unless --trust-ids says that no "
        "student was ever entered anew. Safe to stop and to run again; undo_photo_operation undoes it."
    )

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--trust-ids",
            action="store_true",
            help="take the integer in student_{id}_profile for proof: only where ids were never given anew",
        )
        parser.add_argument("--dry-run", action="store_true", help="only say what would be adopted")

    def work(self, **options: Any) -> int:
        """The photos of students who have no version yet, then what else lies in their folders."""
        make_roots()  # also for a preview: the storage's own, empty folders, or nothing could be asked
        self.adopted = {"photos": 0, "attendance": 0}
        self.left, self.by_id, told = self.listed(), 0, Seen()
        dry_run = options["dry_run"]
        with nullcontext() if dry_run else run_operation(self.name, self.actor) as runner:
            total = unknown_photos().count()
            for adoption in self.progress(
                photo_adoptions(trust_ids=options["trust_ids"]), what="Photos", total=total
            ):
                if not self._adopt(adoption, runner) or dry_run:
                    told.add([str(adoption.student.pk)])
            for adoption in self.progress(rest_adoptions(told), what="Folders"):
                self._adopt(adoption, runner)
        photos, attendance = self.adopted.values()
        self.result |= {
            "adopted": photos,
            "attendance": attendance,
            "left_for_a_person": self.left.items,
            "left_count": self.left.count,
            "operation": runner and runner.id,
        }
        if dry_run:
            self.say("Nothing was changed. Without --dry-run:")
        self.say(
            f"Adopted: {photos}\nAttendance photos adopted: {attendance}\n"
            f"Left for a person: {self.left.count}"
        )
        if self.by_id:
            self.say(
                f"{self.by_id} of these have only an id in their names. Where no student was ever entered "
                "anew, --trust-ids takes it for proof; match_profile_photos assign gives one to a student."
            )
        return DONE

    def _adopt(self, adoption: Adoption, runner: OperationRunner | None) -> bool:
        """Without a runner it only says so. False where it is left for a person, who is told so."""
        student, why = adoption.student, adoption.why_not
        who = called(student.name, student.class_name, student.pk)
        if adoption.details is not None:
            slot = adoption.details["slot"]
            if runner is None or adopt(adoption, runner):
                self.adopted["photos" if slot == PROFILE else "attendance"] += 1
                moment = moment_in(slot).replace("_", " ")
                done = "Adopted" if runner else "To adopt"
                self.say(f"{done}: {who}{', ' if moment else ''}{moment}")
                return True
            why = runner.why
        self.left.append(
            {"id": student.pk, "name": student.name, "class_name": student.class_name, "why": why}
        )
        self.by_id += "nothing else says" in why
        self.say(f"Left for a person: {who}: {why}")
        return False
