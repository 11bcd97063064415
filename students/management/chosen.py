"""What a command tells of the backup that it uses: a person by sentences, a machine by names."""

from __future__ import annotations

from pathlib import Path

from photostore.commands import PhotoCommand
from students.backups import Choice


def tell_choice(command: PhotoCommand, choice: Choice) -> None:
    """The newest valid one, or none, and which newer ones were passed over and why."""
    for line in choice.lines():
        command.say(line)
    command.result |= {
        "backup": choice.backup and choice.backup.name,
        "passed_over": [{"name": name, "why": why} for name, why in choice.passed_over],
    }


def tell_named(command: PhotoCommand, path: Path) -> None:
    """Somebody named the file; a person knows that, and a machine reads the same keys as always."""
    command.result |= {"backup": path.name, "passed_over": []}
