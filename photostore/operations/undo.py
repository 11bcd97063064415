"""Taking an operation back as a whole, newest step first; an undo is an operation too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from photostore.audit import Actor
from photostore.errors import Changed, Conflict
from photostore.models import BY_ITSELF, UPLOAD, Operation, OperationStep
from photostore.operations.handlers import handler_of
from photostore.operations.runner import batches, finish_interrupted, finish_last_step, mark, run_operation
from photostore.registration import (
    BatchHandler,
    Outcome,
    RowsHandler,
    StepHandler,
    apps,
    outcome_of,
    outcomes_of,
)

PER_FETCH = 500
MAX_STEPS_WAITED_FOR = 1_000
FINISHED = (Operation.State.DONE, Operation.State.PARTLY)


@dataclass(frozen=True)
class Undone:
    """What an undo did: the number of steps taken back, and of those that had changed since.

    `operation` is the undo itself; None where there was nothing to take back.
    """

    operation: Operation | None
    reverted: int
    skipped: int

    def left(self) -> Iterator[OperationStep]:
        """The steps that were left as they are, with the reason in `note`; streamed."""
        if self.operation is not None:
            yield from (
                self.operation.steps.filter(state=OperationStep.State.SKIPPED).order_by("number").iterator()
            )


class RevertStep(BatchHandler):
    """The step of an undo: takes one step of another operation back. Reverting it does that step again."""

    name = "revert_step"
    batch = PER_FETCH  # the originals' handlers take as many as they do

    def perform_many(self, steps: Sequence[OperationStep]) -> Iterator[list[Outcome]]:
        """Revert the steps that the details name. `Changed`, also when another undo did so."""
        for handler, pairs in _originals(steps):
            standing = {one.pk: step for step, one in pairs if one.state == OperationStep.State.DONE}
            taken = [outcome_of(_refuse_taken, step) for step, one in pairs if one.pk not in standing]
            if taken:
                yield taken
            for batch in outcomes_of(
                handler.revert_many, [one for _step, one in pairs if one.pk in standing]
            ):
                mark((one for one, why in batch if why is None), OperationStep.State.UNDONE)
                yield [(standing[one.pk], why) for one, why in batch]

    def revert_many(self, steps: Sequence[OperationStep]) -> Iterator[list[Outcome]]:
        """Do them again."""
        for handler, pairs in _originals(steps):
            undone = {one.pk: step for step, one in pairs if one.state == OperationStep.State.UNDONE}
            yield [(step, None) for step, one in pairs if one.pk not in undone]
            for batch in outcomes_of(handler.perform_many, [one for _step, one in pairs if one.pk in undone]):
                mark((one for one, why in batch if why is None), OperationStep.State.DONE)
                yield [(undone[one.pk], why) for one, why in batch]


Pair = tuple[OperationStep, OperationStep]


def _originals(steps: Sequence[OperationStep]) -> Iterator[tuple[StepHandler, list[Pair]]]:
    """What the steps name, in their order, as long as it is of one kind."""
    named = OperationStep.objects.select_related("operation").in_bulk(
        [step.details["step"] for step in steps]
    )
    pairs = [(step, named[step.details["step"]]) for step in steps]
    for _kind, alike in groupby(pairs, key=lambda pair: pair[1].kind):
        some = list(alike)
        yield handler_of(some[0][1]), some


def _refuse_taken(step: OperationStep) -> None:
    original = OperationStep.objects.get(pk=step.details["step"])
    if _taken_back_by_another(original, step):
        raise Changed(_("Another undo has already reverted it."))


def _taken_back_by_another(original: OperationStep, step: OperationStep) -> bool:
    """Else a kill came between taking it back and saying so."""
    steps = OperationStep.objects.filter(
        operation__undoes=original.operation_id, state=OperationStep.State.DONE
    )
    return steps.filter(details__step=original.pk).exclude(pk=step.pk).exists()


def last_undoable() -> Operation | None:
    """The newest operation that was not taken back yet, nor is itself an undo.

    What an undo had to leave is tried again by the operation's id: the one before is meant by then. Call it
    under the commands' lock.

    One that is running there was killed: it is finished first, for it may be the one that is meant. An
    undo that was killed goes on before another one begins.
    """
    finish_interrupted()
    killed = Operation.objects.filter(state=Operation.State.RUNNING, undoes__undoes=None).first()
    if killed is not None:
        return killed.undoes
    finished = Operation.objects.filter(state__in=FINISHED, undoes=None)
    # An upload or the worker may come between a command and its undo, and is not what is meant.
    finished = finished.exclude(command__in=[UPLOAD, BY_ITSELF])
    stands = Exists(OperationStep.objects.filter(operation=OuterRef("pk"), state=OperationStep.State.DONE))
    tried = Exists(Operation.objects.filter(undoes=OuterRef("pk"), state__in=FINISHED))
    return finished.filter(stands).exclude(tried).order_by("-started_at").first()


def undo(operation: Operation, actor: Actor, tick: Callable[[], None] = lambda: None) -> Undone:
    """Take `operation` back. What changed since is skipped and told, never overwritten.

    What was skipped can be tried again by another undo. Raises `Conflict` for an operation that cannot be
    undone or of which nothing stands. Killed and called again, it goes on. `tick` is called after each step.
    """
    if not operation.can_be_undone:
        raise Conflict(_("This operation is final and cannot be undone."), code="final")
    if operation.state == Operation.State.UNDONE:
        raise Conflict(_("This operation has already been undone."), code="undone_already")
    finish_last_step(operation)  # of an upload's, which no other command does
    with run_operation("undo_photo_operation", actor, undoes=operation) as runner:
        for batch in _to_take_back(operation):
            runner.steps(RevertStep.name, [(step.subject, {"step": step.pk}) for step in batch])
            for _step in batch:
                tick()
    operation.refresh_from_db()
    if runner.id is None:
        raise Conflict(_("No step of this operation is left to undo."), code="nothing_stands")
    return Undone(runner.operation, *_counted(runner.operation))


def refuse_what_takes_long(operation: Operation) -> None:
    """For a caller that waits for the answer: at most a thousand steps that move bytes. Raises `Conflict`."""
    rows_only = [
        name
        for app in apps()
        for name, handler in app.handlers_by_name.items()
        if isinstance(handler, RowsHandler)
    ]
    standing = operation.steps.filter(state=OperationStep.State.DONE)
    if standing.exclude(kind__in=rows_only).count() > MAX_STEPS_WAITED_FOR:
        text = _("This operation is too large to be undone here: manage.py undo_photo_operation %s")
        raise Conflict(text % operation.pk, code="too_large_for_the_admin")


def _counted(undoing: Operation) -> tuple[int, int]:
    """Of the whole undo, also where this run only finished what a killed one began."""
    steps = undoing.steps
    return steps.filter(state=OperationStep.State.DONE).count(), steps.filter(
        state=OperationStep.State.SKIPPED
    ).count()


def _to_take_back(operation: Operation) -> Iterator[list[OperationStep]]:
    """The steps that stand, newest first; a batch at a time."""
    standing = operation.steps.filter(state=OperationStep.State.DONE).order_by("-number")
    some = list(standing[:PER_FETCH])
    while some:
        yield from batches(some)
        some = list(standing.filter(number__lt=some[-1].number)[:PER_FETCH])
