"""What a command tells of the backup that it uses: a person by sentences, a machine by names."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import replace
from typing import Any

from photostore.audit import record
from photostore.commands import PhotoCommand
from photostore.errors import CommandRefused
from students.recovery.backups import Backup, Choice


def add_trust(parser: ArgumentParser) -> None:
    """The switch by which a person vouches for a backup."""
    parser.add_argument(
        "--trust-backup",
        action="store_true",
        help="with --backup-file: you vouch that this backup, which no key of this service sealed, is yours",
    )


def refuse_trust_of_none(options: dict[str, Any]) -> None:
    """A person vouches for a file that they name, not for whichever lies there."""
    if options["trust_backup"] and options["backup_file"] is None:
        raise CommandRefused("--trust-backup goes with --backup-file: name the backup that you vouch for.")


def trusted(command: PhotoCommand, backup: Backup, *, trust: bool) -> Backup:
    """The backup; where a person vouches for it that is said, and stands in the audit."""
    if not trust or backup.sealed_by_newest_key:
        return backup
    record(command.actor, "backup.trust", subject=f"backup {backup.name}"[:200], new_sha256=backup.sha256)
    command.say(f"Trusted on your word: {backup.name}, which this service's key did not seal.")
    return replace(backup, trusted=True)


def tell_choice(command: PhotoCommand, choice: Choice) -> None:
    """The newest valid one, or none, and which newer ones were passed over and why."""
    for line in choice.lines():
        command.say(line)
    command.result["passed_over"] = [{"name": name, "why": why} for name, why in choice.passed_over]
    _tell(command, choice.backup)


def tell_named(command: PhotoCommand, backup: Backup) -> None:
    """Operators named the file themselves, and machines read the same keys as always."""
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
