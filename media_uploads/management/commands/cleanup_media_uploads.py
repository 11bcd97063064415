"""`manage.py cleanup_media_uploads [--older-than]`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser

from media_uploads.direct.use_cases.ending import removable, remove_over, unowned_bytes, unowned_multiparts
from media_uploads.direct.use_cases.opening import LIFE
from photostore.commands import DONE, PhotoCommand, duration
from photostore.incoming import bucket
from photostore.register.after_commit import drain_all
from photostore.storage import storage_for


class Command(PhotoCommand):
    """Ends direct and resumable uploads that were not completed in time."""

    help = (
        "Ends direct and resumable uploads that were not completed within 24 hours and removes what had "
        "arrived of them, and what came by a link when its upload was over; uploads in parts that the bucket "
        "still keeps open are aborted. With --older-than, "
        "those that were announced longer ago than that. Completed media files are never touched."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--older-than", type=duration, help="such as 30m, 12h, 7d (default: whatever has expired)"
        )
        parser.add_argument("--dry-run", action="store_true", help="only say what would go")

    def work(self, **options: Any) -> int:
        older_than: timedelta | None = options["older_than"]
        if not options["dry_run"]:
            drain_all()  # a run that was killed after its commit left the bytes to the next one
        uploads = removable(older_than)
        found = uploads.count()
        unowned_files = list(unowned_multiparts(LIFE if older_than is None else older_than))
        # What no upload waits for counts against no quota: it goes as soon as no link can bring it again.
        loose = list(unowned_bytes(bucket.LINK_LIFE if older_than is None else older_than))
        self.result |= {"found": found, "removed": 0, "aborted": 0, "loose": len(loose)}
        self.result["dry_run"] = options["dry_run"]
        if options["dry_run"]:
            self.say(
                f"{found} uploads and {len(unowned_files)} unfinished parts would go, and "
                f"{len(loose)} files that no upload waits for. Nothing was removed."
            )
            return DONE
        went = remove_over(uploads.iterator(chunk_size=500))
        self.result["removed"] = sum(self.progress(went, what="Removing", total=found))
        for unowned_file in unowned_files:
            bucket.abort_multipart(unowned_file.key, unowned_file.multipart_id)
            self.result["aborted"] += 1
        for key in loose:
            storage_for().remove(key)
        self.say(f"Removed {self.result['removed']} uploads, aborted {self.result['aborted']} in parts.")
        if loose:
            self.say(f"Removed {len(loose)} files that no upload was waiting for.")
        return DONE
