"""Which backup to use: the newest that is valid, and why the others were passed over."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from students.backups.contents import InvalidBackup
from students.backups.read import Backup, open_backup

PATTERN = "seed_backup_*.json"


@dataclass(frozen=True)
class Choice:
    """The backup to use, or None; and the newer ones that are not valid, each with its sentence."""

    backup: Backup | None
    passed_over: list[tuple[str, str]] = field(default_factory=list)

    def lines(self) -> list[str]:
        """What to tell a person."""
        told = [f"Passed over {name}: {why}" for name, why in self.passed_over]
        if self.backup is None:
            return told
        written = (
            f"written {self.backup.created_at:%Y-%m-%d %H:%M} UTC, "
            if self.backup.created_at
            else "old kind, "
        )
        what = f"{written}{self.backup.student_count} students"
        return [*told, f"Using {self.backup.name}: the newest valid backup ({what})."]


def backup_files(folder: Path) -> list[Path]:
    """The folder's backups, newest first by the moment in their names."""
    return sorted((path for path in folder.glob(PATTERN)), key=lambda path: path.name, reverse=True)


def newest_valid(folder: Path) -> Choice:
    """The newest backup in `folder` that can be trusted."""
    passed_over: list[tuple[str, str]] = []
    for path in backup_files(folder):
        try:
            return Choice(open_backup(path), passed_over)
        except InvalidBackup as why:
            passed_over.append((path.name, str(why)))
    return Choice(None, passed_over)
