"""`manage.py create_seed_backup`: who the students are and which photo is whose, in one file."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.conf import settings

from photostore.commands import DONE, FOUND_WRONG, PhotoCommand
from students.recovery.backups import write_backup


class Command(PhotoCommand):
    """Writes a backup of every student and of what is known of every photo; not of the photos' bytes."""

    help = (
        "Writes seed_backup_{date}_{time}.json: every student, and of every photo its key, sha256, size and "
        "history. Together with the photo files it brings the school back after the loss of the database. "
        "It runs beside any other command."
    )
    exclusive = False

    def arguments(self, parser: ArgumentParser) -> None:
        """Where to, and whether an empty one too."""
        parser.add_argument(
            "--output", metavar="DIR", type=_folder, help="the folder (default: PHOTO_BACKUP_DIR)"
        )
        parser.add_argument(
            "--force", action="store_true", help="write an empty one although the newest one has students"
        )

    def work(self, *, output: Path | None = None, force: bool = False, **_options: Any) -> int:
        with self.waiting("Writing the backup"):
            written = write_backup(output or settings.PHOTO_BACKUP_DIR, force=force)
        odd = [str(entry) for entry in written.odd.items]
        self.result |= vars(written) | {"odd": odd, "odd_count": written.odd.count}
        self.say(
            f"Wrote {written.path}: {written.students} students, {written.photos} photos, "
            f"{written.attendance} attendance photos."
        )
        for line in odd:
            self.say(f"No restore will read {line}. Correct the student, then write another backup.")
        return FOUND_WRONG if odd else DONE


def _folder(text: str) -> Path:
    """An empty variable of a script must not select the current folder."""
    if not text:
        raise ArgumentTypeError("takes a folder, and none was given.")
    return Path(text)
