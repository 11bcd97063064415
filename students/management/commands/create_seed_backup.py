"""`manage.py create_seed_backup`: who the students are and which photo is whose, in one file."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.conf import settings

from photostore.commands import DONE, PhotoCommand
from students.backups import write_backup


class Command(PhotoCommand):
    """Writes a backup of every student and of what is known of every photo; not of the photos' bytes."""

    help = (
        "Writes seed_backup_{date}_{time}.json: every student, and of every photo its key, sha256, size and "
        "history. Together with the photo files it brings the school back after the loss of the database."
    )

    def arguments(self, parser: ArgumentParser) -> None:
        """Where to."""
        parser.add_argument(
            "--output", metavar="DIR", type=_folder, help="the folder (default: PHOTO_BACKUP_DIR)"
        )

    def work(self, *, output: Path | None = None, **_options: Any) -> int:
        """Write it and say what is in it."""
        with self.waiting("Writing the backup"):
            written = write_backup(output or settings.PHOTO_BACKUP_DIR)
        self.result |= vars(written)
        self.say(
            f"Wrote {written.path}: {written.students} students, {written.photos} photos, "
            f"{written.attendance} attendance photos."
        )
        return DONE


def _folder(text: str) -> Path:
    """An empty variable of a script does not mean the folder where somebody happens to be."""
    if not text:
        raise ArgumentTypeError("takes a folder, and none was given.")
    return Path(text)
