"""`manage.py verify_media [--checksum] [--budget 30m] [--json]`."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import CommandParser
from rich.console import Console

from photostore.commands import DONE, FOUND_WRONG, PhotoCommand, duration
from photostore.inventory.rows import repairs, who
from photostore.inventory.verify import LISTED, Report, figures, most_of, until, verify
from photostore.models import Verification
from photostore.operations import run_operation

SHOWN = 20
MEANS = {
    "missing": "a row names it, but it is not kept "
    "(bring back: restore_student_photos; make known: adopt_media)",
    "damaged": "not the bytes that were stored (bring them back: restore_student_photos --checksum)",
    "unreadable": "there, but not to be read (give it the service's owner and mode; on a failing disk, "
    "bring it back: restore_student_photos --checksum)",
    "misplaced": "the identity inside names another student: perhaps swapped faces",
    "inconsistent": "rows that contradict each other; nothing is shown for these until they agree",
    "shared": "one picture on several students, or photos that are each on the next one: look whose they are",
    "orphaned": "in storage for over an hour, but unowned (see migrate_orphaned_photos --list; "
    "cleanup_orphaned_photos sets them aside)",
    "unadopted": "in the folder or under the name of a student who is here, and no row names it "
    "(adopt_media makes it known or says why not; no clean-up takes it)",
    "symlinks": "symbolic links; they are never followed and nothing here makes one",
    "to_adopt": "rows of another system (adopt_media makes their photos known, or says why not; until then "
    "they are shown as they are, but for those listed above)",
}


class Command(PhotoCommand):
    """The whole store against the database."""

    help = (
        "Compares every stored file with the register, and every file field of every app too, and changes "
        "nothing without --repair, except that it brings exports up to date which a crash left "
        "behind. Tells what "
        "is missing (a value without its row or its file counts), damaged, orphaned, misplaced "
        "(the identity inside a photo names another student) and which symbolic links stand in the storage, "
        "and lists pictures that are on two students. "
        "Without --checksum a file is read only when its size or its time of writing looks wrong; with it "
        "every file is read, the one verified longest ago first, so that runs with a --budget get through "
        "all of them in turn. Exit code 0: all is well; files younger than an hour, leftovers of interrupted "
        "writes and names that are no keys are only counted. 1: something is missing, damaged, misplaced, "
        "orphaned or a symbolic link. 2: the storage or the database cannot be reached; nothing can be said."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--checksum", action="store_true", help="read and re-hash every file")
        parser.add_argument(
            "--repair",
            action="store_true",
            help="let rows follow the version where the evidence decides; undo_photo_operation undoes it",
        )
        parser.add_argument(
            "--budget", type=duration, help="stop re-hashing after this time, such as 30m; the next goes on"
        )

    def work(self, **options: Any) -> int:
        """Verify, keep the figures, tell them."""
        if options["repair"]:
            self._repair()
        report, checksum = Report(), options["checksum"] or options["budget"] is not None
        self._follow(verify(report, checksum=checksum, until=until(options["budget"])))
        kept = figures(report, checksum=checksum)
        self._tell(report, kept)
        return FOUND_WRONG if report.is_wrong else DONE

    def _repair(self) -> None:
        """Before anything is verified, so that the report says what is left."""
        repaired = 0
        with run_operation(self.name, self.actor) as runner:
            for one in repairs():
                repaired += runner.step(one.kind, subject=one.subject, details=one.details)
        self.result |= {"repaired": repaired, "operation": runner.id}
        self.say(f"Repaired: {repaired}")

    def _follow(self, steps: Any) -> None:
        if self.json or not sys.stderr.isatty():
            for _step in steps:
                pass
            return
        with Console(stderr=True).status("Looking at the storage") as status:
            for step in steps:
                status.update(step)

    def _tell(self, report: Report, kept: Verification) -> None:
        self.result |= {what: [key for _alias, key in report.lists[what]] for what in LISTED}
        self.result["counts"] = counts(kept) | {"healed": report.counts["healed"]}
        self.result["coverage"] = kept.coverage
        self.result["contradictions"] = [
            {"id": one.owner_id, "name": one.who, "why": one.why, "next": one.step}
            for one in report.contradictions
        ]
        for what, meaning in MEANS.items():
            self._list(what, meaning, report)
        rest = ("young", "partials", "unusable", "stale")
        left = ", ".join(f"{getattr(kept, name)} {name}" for name in rest if getattr(kept, name))
        more = report.counts["unregistered"]
        self.say(f"{kept.files - more} files are registered; {kept.rehashed} were read in this run.")
        if more:
            self.say(f"{more} more are named by rows alone.")
        if left:
            self.say(f"Besides: {left}.")
        if report.counts["healed"]:
            self.say(f"Finished what a crash interrupted: {report.counts['healed']} files.")
        self.say(f"{kept.coverage}.")

    def _list(self, what: str, meaning: str, report: Report) -> None:
        count = report.counts[what]
        if not count:
            return
        self.say(f"{count} {what}: {meaning}")
        shown = most_of(report.lists[what], SHOWN)
        whose = who([key for _alias, key in shown])
        said = {one.who: f"{one.key}: {one.why}. {one.step}." for one in report.contradictions[:SHOWN]}
        for alias, key in shown:
            place = "" if alias == "default" else f" ({alias})"
            name = said.get(key) or whose.get(key, "")
            self.say(f"  {key}{place}  {name}".rstrip())
        if count > SHOWN:
            self.say(f"  … and {count - SHOWN} more; --json lists up to 10,000 of them.")


def counts(kept: Verification) -> dict[str, int]:
    more = ("unusable", "partials", "young", "stale", "rehashed", "rehashed_lately")
    return {name: getattr(kept, name) for name in ("files", "present", *LISTED, *more)}
