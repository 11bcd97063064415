"""Which backup to use: the newest that is valid, and why the others were passed over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from students.backups.contents import InvalidBackup
from students.backups.read import Backup, open_backup, written_at

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


def newest_valid(folder: Path, *, check: Callable[[Backup], None] = lambda _backup: None) -> Choice:
    """The newest backup in `folder` that can be trusted, by the moment inside the file: names are changed.

    `check` may refuse one that is whole, with `InvalidBackup`. A backup of the old kind does not say when
    it was written, so it is used only where there is no other.
    """
    passed_over: list[tuple[str, str]] = []
    chosen = None
    files = sorted(folder.glob(PATTERN), key=lambda path: path.name, reverse=True)
    moments = {path: moment for path in files if (moment := written_at(path))}
    for path in sorted(moments, key=moments.__getitem__, reverse=True):
        chosen = chosen or _opened(path, check, passed_over)
    for path in files:
        if path in moments or (chosen and path.name < chosen.name):
            continue
        if chosen is None or chosen.created_at is None:
            chosen = chosen or _opened(path, check, passed_over)
        elif _opened(path, check, passed_over):
            passed_over.append((path.name, "It is of the old kind and does not say when it was written."))
    return Choice(chosen, passed_over)


def _opened(path: Path, check: Callable[[Backup], None], passed_over: list[tuple[str, str]]) -> Backup | None:
    try:
        backup = open_backup(path)
        check(backup)
    except InvalidBackup as why:
        passed_over.append((path.name, str(why)))
        return None
    return backup
