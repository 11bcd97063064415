from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.db.models import Count, Q

from photostore.commands import DONE, PhotoCommand
from photostore.errors import CommandRefused
from photostore.models import Operation, OperationStep

MOST = 100_000


class Command(PhotoCommand):
    help = (
        "Lists the operations that changed photos or links, newest first: when, who, what, how much of it, "
        "and whether it was undone. Take one back with `manage.py undo_photo_operation ID`."
    )
    exclusive = False

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--limit", type=int, default=20, help="at most this many (20)")

    def work(self, **options: Any) -> int:
        if not 0 < options["limit"] <= MOST:
            raise CommandRefused(f"--limit takes a number from 1 to {MOST:,}.")
        counted = Operation.objects.annotate(
            steps_done=Count("steps", filter=Q(steps__state=OperationStep.State.DONE)),
            steps_undone=Count("steps", filter=Q(steps__state=OperationStep.State.UNDONE)),
            steps_skipped=Count("steps", filter=Q(steps__state=OperationStep.State.SKIPPED)),
        )
        rows = list(counted.order_by("-started_at")[: options["limit"]])
        self.result["operations"] = [describe(row) for row in rows]
        for row in rows:
            self.say(line(row))
        if not rows:
            self.say("No operation has changed anything yet.")
        return DONE


def describe(row: Any) -> dict[str, Any]:
    """An operation for machines."""
    return {
        "id": str(row.pk),
        "command": row.command,
        "state": row.state,
        "actor": row.actor_name,
        "channel": row.channel,
        "undoes": row.undoes_id and str(row.undoes_id),
        "can_be_undone": row.can_be_undone,
        "done": row.steps_done,
        "undone": row.steps_undone,
        "skipped": row.steps_skipped,
        "started_at": row.started_at.isoformat(),
        "finished_at": row.finished_at and row.finished_at.isoformat(),
    }


def line(row: Any) -> str:
    """An operation for a person."""
    final = "" if row.can_be_undone else ", cannot be undone"
    counts = {"done": row.steps_done, "undone": row.steps_undone, "skipped": row.steps_skipped}
    steps = ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "no step done"
    undoes = f" of {row.undoes_id}" if row.undoes_id else ""
    return (
        f"{row.pk}  {row.started_at:%Y-%m-%d %H:%M}  {row.command}{undoes} by {row.actor_name or 'unknown'}: "
        f"{steps}; {row.get_state_display()}{final}"
    )
