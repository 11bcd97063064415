"""Which backup to use: the newest that is valid and not a fraction, and why others were passed over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from students.recovery.backups.contents import InvalidBackup
from students.recovery.backups.read import Backup, Claim, claim_of, open_backup

PATTERN = "seed_backup_*.json"
# A school does not lose half of its students from one backup to the next; what holds fewer is a mishap.
FRACTION = 2


@dataclass(frozen=True)
class Choice:
    """The backup to use, or None; and the newer ones that are not used, each with its sentence."""

    backup: Backup | None
    passed_over: list[tuple[str, str]] = field(default_factory=list)

    def lines(self) -> list[str]:
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
    it was written, so it comes after all that do. One that holds a fraction of the one before it is not used.
    """
    files = sorted(folder.glob(PATTERN), key=lambda path: path.name, reverse=True)
    claims = {path: claim_of(path) for path in files}
    moments = {path: claim.written_at for path, claim in claims.items() if claim.written_at}
    choosing = _Choosing(claims, check)
    for path in sorted(moments, key=moments.__getitem__, reverse=True):
        choosing.consider(path)
    for path in (path for path in files if path not in moments):
        choosing.consider(path)
    return Choice(choosing.chosen, choosing.passed_over)


@dataclass
class _Choosing:
    """The newest so far, until the one before it is known to be of a like size."""

    claims: dict[Path, Claim]
    check: Callable[[Backup], None]
    chosen: Backup | None = None
    decided: bool = False
    passed_over: list[tuple[str, str]] = field(default_factory=list)

    def consider(self, path: Path) -> None:
        chosen = self.chosen
        if chosen is None:
            self.chosen = self._opened(path)
        elif not self.claims[path].written_at and chosen.created_at and path.name > chosen.name:
            if found := self._opened(path):
                found.forget()
                why = "It is of the old kind and does not say when it was written."
                self.passed_over.append((path.name, why))
        elif not self.decided:
            self._compare(chosen, path)

    def _compare(self, chosen: Backup, path: Path) -> None:
        said = self.claims[path].students
        self.decided = said is not None and not _is_fraction(chosen, said)
        if self.decided:
            return
        told = len(self.passed_over)
        found = self._opened(path)
        del self.passed_over[told:]  # of what is older than the one that is used need not be told
        if found and _is_fraction(chosen, found.student_count):
            why = f"It holds {chosen.student_count} students, {found.name} before it {found.student_count}."
            self.passed_over.append((chosen.name, why))
            chosen.forget()
            self.chosen = found
        elif found:
            found.forget()
            self.decided = True

    def _opened(self, path: Path) -> Backup | None:
        try:
            backup = open_backup(path)
        except InvalidBackup as why:
            self.passed_over.append((path.name, str(why)))
            return None
        try:
            self.check(backup)
        except InvalidBackup as why:
            self.passed_over.append((path.name, str(why)))
            backup.forget()
            return None
        return backup


def _is_fraction(backup: Backup, of: int) -> bool:
    return backup.student_count * FRACTION < of
