"""Carrying out an operation, act by act, and finishing one that was killed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.utils import timezone

from photostore.audit import Actor
from photostore.errors import Conflict
from photostore.models import Act, Operation
from photostore.operations.acts import Changed, kind_of

logger = logging.getLogger(__name__)


class Conductor:
    """A running operation. `resumed` says that it goes on where a killed run stopped.

    `skipped` lists the acts that no longer applied, for the report.
    """

    def __init__(self, operation: Operation, *, resumed: bool) -> None:
        self.operation = operation
        self.resumed = resumed
        self.skipped: list[Act] = []
        last = operation.acts.order_by("-number").first()
        self._number = last.number if last else 0

    def act(self, kind: str, *, subject: str, details: dict[str, Any]) -> bool:
        """Write an act down, then do it. False when it no longer applied and was skipped.

        Raises `StorageAway` and the like; the act then stays planned, and the next run does it.
        """
        self._number += 1
        act = Act.objects.create(
            operation=self.operation, number=self._number, kind=kind, subject=subject[:200], details=details
        )
        if carry_out(act):
            return True
        self.skipped.append(act)
        return False


@contextmanager
def conduct(
    command: str, actor: Actor, *, undoes: Operation | None = None, can_be_undone: bool = True
) -> Iterator[Conductor]:
    """An operation around the block; call it under the commands' lock (`photostore.commands`).

    A running operation found here was killed. Its last act is finished first; when it is the same
    command, this run goes on with it, so that one undo takes all of it back. An operation without acts
    leaves no trace.
    """
    resumed = None
    for killed in Operation.objects.filter(state=Operation.State.RUNNING).order_by("started_at"):
        finish_last_act(killed)
        if killed.command == command and killed.undoes_id == (undoes and undoes.pk):
            resumed = killed
        else:
            close(killed)
    operation = resumed or Operation.objects.create(
        command=command,
        actor_id=actor.id,
        actor_name=actor.name,
        door=actor.door,
        undoes=undoes,
        can_be_undone=can_be_undone,
    )
    yield Conductor(operation, resumed=resumed is not None)
    close(operation)


def interrupted() -> list[Operation]:
    """Operations whose process was killed; meaningful under the commands' lock."""
    return list(Operation.objects.filter(state=Operation.State.RUNNING).order_by("started_at"))


def finish_last_act(operation: Operation) -> None:
    """Do what was written down and perhaps not done: at most one act, but all of them if there are more."""
    for act in operation.acts.filter(state=Act.State.PLANNED).order_by("number"):
        logger.warning("Finishing act %d of the interrupted %s.", act.number, operation)
        carry_out(act)


def carry_out(act: Act) -> bool:
    """Perform one written act. False when it no longer applied; it is then marked as skipped."""
    try:
        kind_of(act).perform(act)
    except (Changed, Conflict, SuspiciousOperation) as why:
        # Also what can never be done, such as a link or another file in the way: an act that stayed
        # planned would stop every later operation.
        mark(act, Act.State.SKIPPED, note=str(why))
        return False
    mark(act, Act.State.DONE)
    return True


def mark(act: Act, state: Act.State, *, note: str = "") -> None:
    """Write down what became of an act."""
    act.state, act.note = state, note[:300]
    act.save(update_fields=["state", "note", "at"])


def close(operation: Operation) -> None:
    """The operation is over; one that did nothing is forgotten."""
    if not operation.acts.exists():
        operation.delete()
        return
    operation.state, operation.finished_at = Operation.State.DONE, timezone.now()
    operation.save(update_fields=["state", "finished_at"])
