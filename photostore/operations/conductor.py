"""Carrying out an operation, act by act, and finishing one that was killed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.db import transaction
from django.utils import timezone

from photostore.audit import Actor, record
from photostore.errors import Changed, Conflict, FileMissing, FileTooLarge, FileUnreadable, InvalidFile
from photostore.models import Act, Operation
from photostore.operations.acts import kind_of
from photostore.operations.tally import count_done

logger = logging.getLogger(__name__)

# Also what can never be done, such as a link in the way or bytes that are no picture: an act that stayed
# planned would stop every later operation. `StorageAway` is not among them: it passes, and the act is done.
CANNOT = (Changed, Conflict, FileMissing, FileTooLarge, FileUnreadable, InvalidFile, SuspiciousOperation)


class Conductor:
    """A running operation. `resumed` says that it goes on where a killed run stopped.

    `skipped` counts the acts that no longer applied, `why` says it of the last one.
    """

    def __init__(self, operation: Operation, *, resumed: bool) -> None:
        self.operation = operation
        self.resumed = resumed
        self.skipped = 0
        self.why = ""
        last = operation.acts.order_by("-number").first()
        self._number = last.number if last else 0

    @property
    def id(self) -> str | None:
        """The operation's id, for machines. After the block: None where it did nothing and was forgotten."""
        return str(self.operation.pk) if self.operation.pk else None

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
        self.skipped += 1
        self.why = act.note
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
    operation = resumed or _begun(command, actor, undoes, can_be_undone=can_be_undone)
    yield Conductor(operation, resumed=resumed is not None)
    close(operation)


def _begun(command: str, actor: Actor, undoes: Operation | None, *, can_be_undone: bool) -> Operation:
    with transaction.atomic():
        if undoes is not None:
            record(actor, "operation.undo", subject=f"operation {undoes.pk}")
        return Operation.objects.create(
            command=command,
            actor_id=actor.id,
            actor_name=actor.name,
            door=actor.door,
            undoes=undoes,
            can_be_undone=can_be_undone,
        )


def interrupted() -> list[Operation]:
    """Operations whose process was killed; meaningful under the commands' lock."""
    return list(Operation.objects.filter(state=Operation.State.RUNNING).order_by("started_at"))


def finish_interrupted() -> None:
    """Finish what was killed and close it; meaningful under the commands' lock.

    A killed undo stays open: asked for again, it goes on, so that one undo takes all of it back.
    """
    for killed in interrupted():
        finish_last_act(killed)
        if killed.undoes_id is None:
            close(killed)


def finish_last_act(operation: Operation) -> None:
    """Do what was written down and perhaps not done: at most one act, but all of them if there are more."""
    for act in operation.acts.filter(state=Act.State.PLANNED).order_by("number"):
        logger.warning("Finishing act %d of the interrupted %s.", act.number, operation)
        carry_out(act)


def carry_out(act: Act) -> bool:
    """Perform one written act. False when it no longer applied; it is then marked as skipped."""
    try:
        kind_of(act).perform(act)
    except CANNOT as why:
        mark(act, Act.State.SKIPPED, note=str(why))
        return False
    mark(act, Act.State.DONE)
    count_done(act.operation.command)
    return True


def mark(act: Act, state: Act.State, *, note: str = "") -> None:
    """Write down what became of an act."""
    act.state, act.note = state, note[:300]
    act.save(update_fields=["state", "note", "at"])


def close(operation: Operation) -> None:
    """The operation is over; one that did nothing is forgotten. What it took back, stands no more."""
    with transaction.atomic():
        operation.finished_at = timezone.now()
        operation.save(update_fields=["finished_at"])
        _settle_states(operation)
        if not operation.acts.exists():
            operation.delete()


def _settle_states(operation: Operation) -> None:
    """By what stands of its acts; then those of the operation that it takes back, and so on downwards."""
    settled: Operation | None = operation
    while settled is not None:
        stands = settled.acts.filter(state=Act.State.DONE).exists()
        undone = settled.acts.filter(state=Act.State.UNDONE).exists()
        if undone:
            settled.state = Operation.State.PARTLY if stands else Operation.State.UNDONE
        else:
            settled.state = Operation.State.DONE
        settled.save(update_fields=["state"])
        settled = settled.undoes
