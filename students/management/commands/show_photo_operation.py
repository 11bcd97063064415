"""`manage.py show_photo_operation ID`: what it did to whom, before and after, and what of it stands."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser

from photostore.commands import DONE, PhotoCommand
from photostore.errors import CommandRefused
from photostore.models import Operation
from students.shown_operations import steps_of


class Command(PhotoCommand):
    help = (
        "Shows what one operation did, by the students' names and classes: where the pictures before and "
        "after each step lie today, and what stands. Changes nothing. IDs: `list_photo_operations`."
    )
    exclusive = False

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", metavar="ID", help="the operation's id")

    def work(self, **options: Any) -> int:
        """Its steps in their order, then their number by state."""
        operation = _named(options["id"])
        self.say(_head(operation))
        steps, counts = self.listed(), Counter[str]()
        for step in self.progress(steps_of(operation), what="Steps", total=operation.steps.count()):
            steps.append(asdict(step))
            counts[step.stands.partition(";")[0].partition(":")[0]] += 1
            self.say(str(step))
        self.result |= {
            "operation": str(operation.pk),
            "command": operation.command,
            "state": operation.state,
            "actor": operation.actor_name,
            "undoes": operation.undoes_id and str(operation.undoes_id),
            "started_at": operation.started_at,
            "finished_at": operation.finished_at,
            "can_be_undone": operation.can_be_undone,
            "steps": steps.items,
            "count": steps.count,
        }
        told = ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))
        self.say(f"{steps.count} steps: {told}." if told else "No step was done.")
        return DONE


def _named(text: str) -> Operation:
    try:
        found = Operation.objects.filter(pk=UUID(text)).first()
    except ValueError:
        raise CommandRefused(f"{text!r} is no operation's id; `list_photo_operations` lists them.") from None
    if found is None:
        raise CommandRefused(f"There is no operation {text}; `list_photo_operations` lists them.")
    return found


def _head(operation: Operation) -> str:
    undoes = f" of {operation.undoes_id}" if operation.undoes_id else ""
    final = "" if operation.can_be_undone else ", cannot be undone"
    return (
        f"{operation.command}{undoes} by {operation.actor_name or 'unknown'}, "
        f"{operation.started_at:%Y-%m-%d %H:%M}: {operation.get_state_display()}{final}"
    )
