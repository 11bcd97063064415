"""`manage.py undo_photo_operation [ID | --last]`."""

from __future__ import annotations

from itertools import islice
from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser

from photostore.bounded import MAX_LISTED
from photostore.commands import DONE, FOUND_WRONG, PhotoCommand
from photostore.errors import CommandRefused
from photostore.models import Operation, OperationStep
from photostore.operations import last_undoable, undo
from photostore.operations.runner import run_operation


class Command(PhotoCommand):
    """Takes one operation back as a whole."""

    help = (
        "Undoes one operation, its newest step first. What has been changed since is left as it is and "
        "listed (exit 1); undone again, the operation gives back what was left. The undo is an operation "
        "itself and can be undone by its id. IDs: `list_photo_operations`."
    )

    def arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("id", nargs="?", metavar="ID", help="the operation's id")
        which.add_argument(
            "--last", action="store_true", help="the newest that is no undo, and that none was tried on yet"
        )

    def work(self, **options: Any) -> int:
        operation = last_undoable() if options["last"] else self._named(options["id"])
        if operation is None:
            raise CommandRefused("There is nothing to undo.")
        standing = operation.steps.filter(state=OperationStep.State.DONE).count()
        with self.ticking("Taking back", total=standing) as tick:
            undone = undo(operation, self.actor, tick)
        left = [{"subject": step.subject, "why": step.note} for step in islice(undone.left(), MAX_LISTED)]
        self.result |= {
            "operation": str(operation.pk),
            "undo": undone.operation and str(undone.operation.pk),
            "reverted": undone.reverted,
            "skipped": left,
            "state": operation.state,
        }
        self.say(
            f"Took back {undone.reverted} of {operation.command} of {operation.started_at:%Y-%m-%d %H:%M}."
        )
        for step in undone.left():
            self.say(f"Left as it is: {step.subject}: {step.note}")
        if undone.skipped:
            self.say(f"When that is mended: manage.py undo_photo_operation {operation.pk}")
        return FOUND_WRONG if undone.skipped else DONE

    def _named(self, text: str) -> Operation:
        try:
            found = Operation.objects.filter(pk=UUID(text)).first()
        except ValueError:
            raise CommandRefused(
                f"{text!r} is no operation's id; `list_photo_operations` lists them."
            ) from None
        if found is None:
            raise CommandRefused(f"There is no operation {text}; `list_photo_operations` lists them.")
        if found.state == Operation.State.RUNNING:
            # It was killed, for we hold the lock: close it, and it can be undone like any other.
            with run_operation("close_interrupted", self.actor):
                pass
            found.refresh_from_db()
        return found
