"""`manage.py cleanup_orphaned_photos [--older-than 1h] [--confirm] [--force]`."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from photostore.bounded import MAX_LISTED
from photostore.commands import DONE, PhotoCommand, duration
from photostore.errors import CommandRefused
from photostore.inventory.diff import YOUNG
from photostore.inventory.sweep import Counted, SweepPlan, Taking, planned, take
from photostore.operations import run_operation


class Command(PhotoCommand):
    help = (
        "Finds files of every app that no row of the database names and prints what would go; with --confirm "
        "it goes. Photos and videos are moved to quarantine, byte for byte: `undo_photo_operation` brings "
        "them back, until `purge_quarantine` ends them after 30 days. Thumbnails and halves of interrupted "
        "writes are removed for good. A file in the folder or under the documented name of a student who is "
        "here stays: adopt_media is for these. Files younger than an hour are left alone: an upload may be "
        "under way. "
        "It refuses when the storage is unavailable, when the database lists no files, and when more than "
        "20 % of the files would go, more than 20 of which exist nowhere else (--force overrides that last "
        "one)."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--older-than", type=duration, default="1h", help="such as 2h, 30d (1h)")
        parser.add_argument("--confirm", action="store_true", help="do it; without it nothing is changed")
        parser.add_argument(
            "--force", action="store_true", help="also when it is more than 20 %% of the files"
        )

    def work(self, **options: Any) -> int:
        """Plan, refuse or act, and say what became of it."""
        if options["older_than"] < YOUNG:
            raise CommandRefused(
                "Files younger than an hour may belong to an upload under way: --older-than 1h or more."
            )
        with planned(timezone.now() - options["older_than"]) as plan:
            counted = plan.count()
            self._tell(plan, counted)
            if not options["confirm"]:
                self._say_what_would_happen(counted)
                return DONE
            if counted.refusal and not options["force"]:
                raise CommandRefused(f"Nothing was changed. {counted.refusal}", code="too_much")
            self._step(plan, counted)
        return DONE

    def _tell(self, plan: SweepPlan, counted: Counted) -> None:
        lists: dict[bool, list[str]] = {False: [], True: []}
        for taking in plan.takings():
            self.say(line(taking))
            if len(lists[taking.for_good]) < MAX_LISTED:
                lists[taking.for_good].append(taking.key)
        self.result |= {"set_aside": lists[False], "remove": lists[True], "confirmed": False}
        self.result["counts"] = {
            "files": counted.files,
            "set_aside": counted.set_aside,
            "remove": counted.removed,
            "young": counted.young,
            "kept": counted.kept,
        }
        if counted.kept:
            self.say(
                f"{counted.kept} files stay: they lie in the folder or under the name of a student here. "
                "adopt_media makes them known, or says why a person has to look."
            )
        if counted.young:
            self.say(f"{counted.young} younger ones are left alone.")

    def _say_what_would_happen(self, counted: Counted) -> None:
        self.result["refusal"] = counted.refusal
        if not counted.set_aside and not counted.removed:
            self.say("Nothing to clean up.")
            return
        self.say(
            f"{counted.set_aside} files would be set aside and {counted.removed} removed for good. "
            "Nothing was changed; add --confirm to do it."
        )
        if counted.refusal:
            self.say(f"With --confirm it would refuse. {counted.refusal}")

    def _step(self, plan: SweepPlan, counted: Counted) -> None:
        total = counted.set_aside + counted.removed
        with run_operation("cleanup_orphaned_photos", self.actor) as operation:
            resumed = operation.resumed
            fates = Counter(
                take(taking, plan, operation)
                for taking in self.progress(plan.takings(), what="Cleaning up", total=total)
            )
            number = str(operation.operation.pk)
        done = {"set_aside": fates["set_aside"], "removed": fates["removed"], "left": fates["left"]}
        self.result |= {"confirmed": True, "done": done, "resumed": resumed, "operation": number}
        if resumed:
            self.say("Went on where an interrupted run stopped.")
        self.say(f"Set {fates['set_aside']} files aside and removed {fates['removed']} for good.")
        if fates["left"]:
            self.say(f"Left {fates['left']} as they are: they have an owner by now, or are gone.")
        if fates["set_aside"]:
            self.say(f"Bring them back with `manage.py undo_photo_operation {number}`.")


def line(taking: Taking) -> str:
    what = "remove   " if taking.for_good else "set aside"
    place = "" if taking.storage_alias == "default" else f" ({taking.storage_alias})"
    return f"{what}  {taking.key}{place}  {taking.byte_size} bytes"
