"""Carrying out an operation, step by step, and finishing one that was killed."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from photostore.audit import Actor, record
from photostore.many_rows import insert, next_ids
from photostore.models import Operation, OperationStep
from photostore.operations.handlers import handler_of
from photostore.operations.tally import count_done
from photostore.registration import CANNOT, outcomes_of

logger = logging.getLogger(__name__)

Planned = tuple[str, dict[str, Any]]
"""The subject and the details of a step."""


class OperationRunner:
    """A running operation. `resumed` says that it goes on where a killed run stopped.

    `skipped` counts the steps that no longer applied, `why` says it of the last one.
    """

    def __init__(self, operation: Operation, *, resumed: bool) -> None:
        self.operation = operation
        self.resumed = resumed
        self.skipped = 0
        self.why = ""
        last = operation.steps.order_by("-number").first()
        self._number = last.number if last else 0

    @property
    def id(self) -> str | None:
        """The operation's id, for machines. After the block: None where it did nothing and was forgotten."""
        return str(self.operation.pk) if self.operation.pk else None

    def step(self, kind: str, *, subject: str, details: dict[str, Any]) -> bool:
        """Write a step down, then do it. False when it no longer applied and was skipped.

        Raises `StorageUnavailable` and the like; the step then stays planned, and the next run does it.
        """
        (done,) = self.steps(kind, [(subject, details)])
        return done.state == OperationStep.State.DONE

    def steps(self, kind: str, planned: Sequence[Planned]) -> list[OperationStep]:
        """Write them down in one commit, then do them; each says in `state` and `note` what became of it."""
        if not planned:
            return []
        at, pks = timezone.now(), next_ids(OperationStep, len(planned))
        steps = [
            OperationStep(
                pk=pk,
                operation=self.operation,
                number=number,
                kind=kind,
                subject=subject[:200],
                details=details,
                at=at,
            )
            for number, (pk, (subject, details)) in enumerate(
                zip(pks, planned, strict=True), start=self._number + 1
            )
        ]
        self._number += len(steps)
        insert(OperationStep, [_columns(step) for step in steps])
        carry_out(steps)
        for step in steps:
            if step.state != OperationStep.State.DONE:
                self.skipped += 1
                self.why = step.note
        return steps


@contextmanager
def run_operation(
    command: str,
    actor: Actor,
    *,
    undoes: Operation | None = None,
    can_be_undone: bool = True,
    pk: UUID | None = None,
) -> Iterator[OperationRunner]:
    """An operation around the block; call it under the commands' lock (`photostore.commands`).

    A running operation found here was killed. Its last step is finished first; when it is the same
    command, this run goes on with it, so that one undo takes all of it back. An operation without steps
    leaves no trace.

    `pk` says beforehand which operation it is: this run goes on with that one and no other, also where
    another command's run has closed it since.
    """
    resumed = None if pk is None else _reopened(pk)
    for killed in Operation.objects.filter(state=Operation.State.RUNNING).order_by("started_at"):
        finish_last_step(killed)
        if pk == killed.pk or (pk is None and _goes_on(killed, command, undoes)):
            resumed = killed
        else:
            close(killed)
    operation = resumed or _begun(command, actor, undoes, can_be_undone=can_be_undone, pk=pk or uuid4())
    yield OperationRunner(operation, resumed=resumed is not None)
    close(operation)


def _columns(step: OperationStep) -> dict[str, Any]:
    return {field.attname: getattr(step, field.attname) for field in step._meta.concrete_fields}


def _goes_on(killed: Operation, command: str, undoes: Operation | None) -> bool:
    return killed.command == command and killed.undoes_id == (undoes and undoes.pk)


def _reopened(pk: UUID) -> Operation | None:
    """What another command found killed and closed goes on; what was undone meanwhile, too."""
    Operation.objects.filter(pk=pk).update(state=Operation.State.RUNNING, finished_at=None)
    return Operation.objects.filter(pk=pk).first()


def _begun(
    command: str, actor: Actor, undoes: Operation | None, *, can_be_undone: bool, pk: UUID
) -> Operation:
    with transaction.atomic():
        if undoes is not None:
            record(actor, "operation.undo", subject=f"operation {undoes.pk}")
        return Operation.objects.create(
            pk=pk,
            command=command,
            actor_id=actor.id,
            actor_name=actor.name,
            channel=actor.channel,
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
        finish_last_step(killed)
        if killed.undoes_id is None:
            close(killed)


def finish_last_step(operation: Operation) -> None:
    """Do what was written down and perhaps not done: a batch, but all of it if there is more."""
    planned = operation.steps.filter(state=OperationStep.State.PLANNED).order_by("number")
    steps = list(planned.select_related("operation"))
    if steps:
        logger.warning("Finishing step %d of the interrupted %s.", steps[0].number, operation)
    for batch in batches(steps):
        carry_out(batch)


def batches(steps: Sequence[OperationStep]) -> Iterator[list[OperationStep]]:
    """In their order, as many of a kind at a time as its handler takes."""
    for _kind, alike in groupby(steps, key=lambda step: step.kind):
        some = list(alike)
        size = handler_of(some[0]).batch
        yield from (some[at : at + size] for at in range(0, len(some), size))


def carry_out(steps: Sequence[OperationStep]) -> None:
    """Perform written steps. What no longer applied is marked as skipped."""
    for some in batches(steps):
        for batch in outcomes_of(handler_of(some[0]).perform_many, some):
            mark([step for step, why in batch if why is None], OperationStep.State.DONE)
            for step, why in batch:
                if isinstance(why, CANNOT):
                    mark([step], OperationStep.State.SKIPPED, note=str(why))
                elif why is None:
                    count_done(step.operation.command)
            for _step, why in batch:
                if why is not None and not isinstance(why, CANNOT):
                    raise why  # that step stays planned


def mark(steps: Iterable[OperationStep], state: OperationStep.State, *, note: str = "") -> None:
    """Write down what became of them."""
    marked, at = list(steps), timezone.now()
    for step in marked:
        step.state, step.note, step.at = state, note[:300], at
    if marked:
        found = OperationStep.objects.filter(pk__in=[step.pk for step in marked])
        found.update(state=state, note=note[:300], at=at)


def close(operation: Operation) -> None:
    """The operation is over; one that did nothing is forgotten. What it took back, stands no more."""
    with transaction.atomic():
        operation.finished_at = timezone.now()
        operation.save(update_fields=["finished_at"])
        _update_states(operation)
        if not operation.steps.exists():
            operation.delete()


def _update_states(operation: Operation) -> None:
    """By what stands of its steps; then those of the operation that it takes back, and so on downwards."""
    updated: Operation | None = operation
    while updated is not None:
        stands = updated.steps.filter(state=OperationStep.State.DONE).exists()
        undone = updated.steps.filter(state=OperationStep.State.UNDONE).exists()
        if undone:
            updated.state = Operation.State.PARTLY if stands else Operation.State.UNDONE
        else:
            updated.state = Operation.State.DONE
        updated.save(update_fields=["state"])
        updated = updated.undoes
