"""`manage.py compare_backups A [B]`: who came, left, changed photo or number."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings

from photostore.commands import DONE, PhotoCommand
from students.management.chosen import odd_lines
from students.recovery.backups import Backup, open_backup
from students.recovery.backups.compare import Change, changes, today


class Command(PhotoCommand):
    """Compares a backup with a later one, or with today."""

    help = (
        "Compares two backups, or a backup with today's database: who came, who left, whose photo or number "
        "is another, by class and name. Changes nothing."
    )
    exclusive = False

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("a", metavar="A", help="the older backup: a path, or a name in PHOTO_BACKUP_DIR")
        parser.add_argument("b", metavar="B", nargs="?", help="the newer one (default: today's database)")

    def work(self, **options: Any) -> int:
        a, b = options["a"], options["b"]
        with self.waiting("Reading"):
            tables = [self._opened(a).table, self._opened(b).table if b is not None else today()]
        found, counts = self.listed(), Counter[str]()
        for change in changes(*tables):
            found.append(asdict(change))
            counts.update(_kinds(change))
            self.say(str(change))
        self.result |= {"a": a, "b": b, "changes": found.items, "count": found.count}
        self.result |= {kind: counts[kind] for kind in ("came", "left", "photo", "number")}
        self.say(
            f"{counts['came']} came, {counts['left']} left, {counts['photo']} with another photo, "
            f"{counts['number']} with another number."
        )
        return DONE

    def _opened(self, text: str) -> Backup:
        path = Path(text)
        if path.name == text and not path.exists():
            path = settings.PHOTO_BACKUP_DIR / text
        backup = open_backup(path)
        for line in odd_lines(backup):
            self.say(f"Passed over in {backup.name}: {line}")
        return backup


def _kinds(change: Change) -> list[str]:
    values = asdict(change)
    return [kind for kind in ("came", "left", "photo", "number") if values[kind]]
