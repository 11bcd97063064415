"""Taking an operation back as a whole, newest act first; an undo is an operation too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from photostore.audit import Actor
from photostore.errors import Changed, Conflict
from photostore.models import BY_ITSELF, UPLOAD, Act, Operation
from photostore.operations.acts import kind_of
from photostore.operations.conductor import conduct, finish_interrupted, mark
from photostore.registration import ActKind

PER_FETCH = 500
FINISHED = (Operation.State.DONE, Operation.State.PARTLY)


@dataclass(frozen=True)
class Undone:
    """What an undo did: the number of acts taken back, and of those that had changed since.

    `operation` is the undo itself; None where there was nothing to take back.
    """

    operation: Operation | None
    reverted: int
    skipped: int

    def left(self) -> Iterator[Act]:
        """The acts that were left as they are, with the reason in `note`; streamed."""
        if self.operation is not None:
            yield from self.operation.acts.filter(state=Act.State.SKIPPED).order_by("number").iterator()


class TakeBack(ActKind):
    """The act of an undo: takes one act of another operation back. Reverting it does that act again."""

    name = "take_back"

    def perform(self, act: Act) -> None:
        """Revert the act that the details name. Raises `Changed`, also when another undo did so."""
        original = Act.objects.select_related("operation").get(pk=act.details["act"])
        if original.state == Act.State.DONE:
            kind_of(original).revert(original)
            mark(original, Act.State.UNDONE)
        elif _taken_back_by_another(original, act):
            raise Changed(_("Another undo took it back."))

    def revert(self, act: Act) -> None:
        """Do it again."""
        original = Act.objects.select_related("operation").get(pk=act.details["act"])
        if original.state == Act.State.UNDONE:
            kind_of(original).perform(original)
            mark(original, Act.State.DONE)


def _taken_back_by_another(original: Act, act: Act) -> bool:
    """Else a kill came between taking it back and saying so."""
    acts = Act.objects.filter(operation__undoes=original.operation_id, state=Act.State.DONE)
    return acts.filter(details__act=original.pk).exclude(pk=act.pk).exists()


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
    stands = Exists(Act.objects.filter(operation=OuterRef("pk"), state=Act.State.DONE))
    tried = Exists(Operation.objects.filter(undoes=OuterRef("pk"), state__in=FINISHED))
    return finished.filter(stands).exclude(tried).order_by("-started_at").first()


def undo(operation: Operation, actor: Actor, tick: Callable[[], None] = lambda: None) -> Undone:
    """Take `operation` back. What changed since is skipped and told, never overwritten.

    What was skipped can be tried again by another undo. Raises `Conflict` for an operation that cannot be
    undone or of which nothing stands. Killed and called again, it goes on. `tick` is called after each act.
    """
    if not operation.can_be_undone:
        raise Conflict(_("This operation ended things for good and cannot be undone."), code="final")
    if operation.state == Operation.State.UNDONE:
        raise Conflict(_("This operation is undone already."), code="undone_already")
    with conduct("undo_photo_operation", actor, undoes=operation) as conductor:
        for act in _to_take_back(operation):
            conductor.act("take_back", subject=act.subject, details={"act": act.pk})
            tick()
    operation.refresh_from_db()
    if conductor.id is None:
        raise Conflict(_("Nothing of this operation stands that could be taken back."), code="nothing_stands")
    return Undone(conductor.operation, *_counted(conductor.operation))


def _counted(undoing: Operation) -> tuple[int, int]:
    """Of the whole undo, also where this run only finished what a killed one began."""
    acts = undoing.acts
    return acts.filter(state=Act.State.DONE).count(), acts.filter(state=Act.State.SKIPPED).count()


def _to_take_back(operation: Operation) -> Iterator[Act]:
    """The acts that stand, newest first; a batch at a time."""
    standing = operation.acts.filter(state=Act.State.DONE).order_by("-number")
    batch = list(standing[:PER_FETCH])
    while batch:
        yield from batch
        batch = list(standing.filter(number__lt=batch[-1].number)[:PER_FETCH])
