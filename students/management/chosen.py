"""What a command tells of the backup that it uses: a person by sentences, a machine by names."""

from __future__ import annotations

from photostore.commands import PhotoCommand
from students.backups import Backup, Choice


def tell_choice(command: PhotoCommand, choice: Choice) -> None:
    """The newest valid one, or none, and which newer ones were passed over and why."""
    for line in choice.lines():
        command.say(line)
    command.result["passed_over"] = [{"name": name, "why": why} for name, why in choice.passed_over]
    _tell(command, choice.backup)


def tell_named(command: PhotoCommand, backup: Backup) -> None:
    """Somebody named the file; a person knows that, and a machine reads the same keys as always."""
    command.result["passed_over"] = []
    _tell(command, backup)


def odd_lines(backup: Backup | None) -> list[str]:
    """The entries that are passed over, each in words."""
    return [str(entry) for entry in backup.odd.items] if backup else []


def _tell(command: PhotoCommand, backup: Backup | None) -> None:
    odd = odd_lines(backup)
    command.result |= {
        "backup": backup and backup.name,
        "odd_entries": odd,
        "odd_entries_count": backup.odd.count if backup else 0,
    }
    for line in odd:
        command.say(f"Passed over in the backup: {line}")
