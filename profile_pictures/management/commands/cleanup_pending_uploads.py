"""`manage.py cleanup_pending_uploads [--older-than]`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from photostore.commands import DONE, PhotoCommand, duration
from photostore.register.after_commit import drain_all
from profile_pictures.uploads import removable, remove_pending


class Command(PhotoCommand):
    """Removes profile pictures that were not confirmed in time."""

    help = (
        "Removes profile pictures that were handed in and not confirmed within 24 hours. With --older-than, "
        "those that have waited longer than that, expired or not. Confirmed pictures are never touched."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--older-than", type=duration, help="such as 30m, 12h, 7d (default: whatever has expired)"
        )
        parser.add_argument("--dry-run", action="store_true", help="only say what would go")

    def work(self, **options: Any) -> int:
        if not options["dry_run"]:
            drain_all()  # a run that was killed after its commit left the bytes to the next one
        uploads = removable(options["older_than"])
        found = uploads.count()
        self.result |= {"found": found, "removed": 0, "dry_run": options["dry_run"]}
        if not found:
            self.say("No pending picture is that old.")
        elif options["dry_run"]:
            self.say(f"{found} pending pictures would go. Nothing was removed.")
        else:
            went = remove_pending(uploads.iterator(chunk_size=500), self.actor)
            removed = sum(self.progress(went, what="Removing", total=found))
            self.result["removed"] = removed
            self.say(f"Removed {removed} pending pictures.")
        return DONE
