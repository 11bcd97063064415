"""Taking an operation back as a whole, newest act first; an undo is an operation too."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from photostore.audit import Actor, record
from photostore.errors import Conflict
from photostore.models import Act, Operation
from photostore.operations.acts import ActKind, kind_of, register
from photostore.operations.conductor import conduct, mark


@dataclass(frozen=True)
class Undone:
    """What an undo did: the number of acts taken back, and those that had changed since."""

    operation: Operation | None
    reverted: int
    skipped: list[Act]


class TakeBack(ActKind):
    """The act of an undo: takes one act of another operation back. Reverting it does that act again."""

    name = "take_back"

    def perform(self, act: Act) -> None:
        """Revert the act that the details name."""
        original = Act.objects.get(pk=act.details["act"])
        if original.state == Act.State.DONE:
            kind_of(original).revert(original)
            mark(original, Act.State.UNDONE)

    def revert(self, act: Act) -> None:
        """Do it again."""
        original = Act.objects.get(pk=act.details["act"])
        if original.state == Act.State.UNDONE:
            kind_of(original).perform(original)
            mark(original, Act.State.DONE)


register(TakeBack())


def last_undoable() -> Operation | None:
    """The newest operation that is neither undone nor itself an undo."""
    finished = Operation.objects.filter(state=Operation.State.DONE, undoes=None)
    return finished.order_by("-started_at").first()


def undo(operation: Operation, actor: Actor) -> Undone:
    """Take `operation` back. What changed since is skipped and told, never overwritten.

    Raises `Conflict` for one that cannot be undone or is undone already. Killed and called again, it
    goes on.
    """
    if not operation.can_be_undone:
        raise Conflict(_("This operation ended things for good and cannot be undone."), code="final")
    if operation.state == Operation.State.UNDONE:
        raise Conflict(_("This operation is undone already."), code="undone_already")
    with conduct("undo_photo_operation", actor, undoes=operation) as conductor:
        reverted = 0
        for act in _to_take_back(operation):
            reverted += conductor.act("take_back", subject=act.subject, details={"act": act.pk})
        record(actor, "operation.undo", subject=f"operation {operation.pk}")
        _settle_states(operation)
    kept = Operation.objects.filter(pk=conductor.operation.pk).first()
    return Undone(kept, reverted, conductor.skipped)


def _to_take_back(operation: Operation) -> list[Act]:
    """The acts that stand, newest first."""
    return list(operation.acts.filter(state=Act.State.DONE).order_by("-number"))


def _settle_states(operation: Operation) -> None:
    """Mark it as undone; when it was an undo itself, what it had undone stands again."""
    operation.state = Operation.State.UNDONE
    operation.save(update_fields=["state"])
    if operation.undoes is not None:
        operation.undoes.state = Operation.State.DONE
        operation.undoes.save(update_fields=["state"])
