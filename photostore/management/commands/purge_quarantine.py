"""`manage.py purge_quarantine [--older-than 30d]`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from photostore.commands import DONE, PhotoCommand, duration
from photostore.operations.purge import needed, purge, purgeable
from photostore.operations.runner import finish_interrupted


class Command(PhotoCommand):
    help = (
        "Removes for good what was set aside in quarantine longer ago than --older-than (30d). What it "
        "removes cannot be brought back: the operations that set it aside can no longer be undone in full. "
        "What has the bytes of a photo whose own file is gone stays."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--older-than", type=duration, default="30d", help="such as 30d, 12h (30d)")
        parser.add_argument("--dry-run", action="store_true", help="only say what would go")

    def work(self, **options: Any) -> int:
        before = timezone.now() - options["older_than"]
        files, byte_size = purgeable(before)
        kept, kept_bytes = needed(before)
        going, going_bytes = files - kept, byte_size - kept_bytes
        self.result |= {"files": going, "bytes": going_bytes, "kept": kept, "purged": 0}
        if kept:
            self.say(
                f"{kept} files stay: each has the bytes of a photo whose own file is gone or damaged. "
                "restore_student_photos --checksum brings these photos back."
            )
        if not going:
            finish_interrupted()  # one that was killed after its last file has still to say that it is over
            self.say(
                "Nothing else in quarantine is that old." if kept else "Nothing in quarantine is that old."
            )
        elif options["dry_run"]:
            self.say(f"{going} files ({going_bytes / 2**20:.1f} MB) would go for good. Nothing was removed.")
        else:
            purged = sum(self.progress(purge(before, self.actor), what="Removing", total=files))
            self.result["purged"] = purged
            self.say(f"Removed {purged} files for good.")
        return DONE
