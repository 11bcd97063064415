"""Whose a step is, and which permissions a user needs beside photostore's own to look at it or undo it.

Each app's registration says which permissions its pictures need.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from django.db.models import Case, Func, TextField, Value, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import StrIndex

from photostore.models import Operation, OperationStep
from photostore.registration import Guard, apps

What = Literal["view", "change"]


def may_see(user: Any, step: OperationStep) -> bool:
    """Whether this person may look at the pictures of one step."""
    original = _original(step)
    folder, inside, _rest = str(original.details.get("key", "")).partition("/")
    return _has(user, "view", [(original.kind, folder if inside else "")])


def may_take_back(user: Any, operation: Operation) -> bool:
    """Whether this person may undo it: the change permission of every app that any step concerns."""
    while operation.undoes is not None:  # an undo is about what was done in the first place
        operation = operation.undoes
    return _has(user, "change", _marks(operation))


def _original(step: OperationStep) -> OperationStep:
    while step.kind == "revert_step":
        step = OperationStep.objects.get(pk=step.details["step"])
    return step


def _marks(operation: Operation) -> Iterable[tuple[str, str]]:
    """The kinds of the steps and the first folders of their keys; a handful, however many steps there are."""
    key = KeyTextTransform("key", "details")
    folder = Func(key, Value("/"), Value(1), function="split_part", output_field=TextField())
    inside = Case(When(slash__gt=0, then=folder), default=Value(""), output_field=TextField())
    steps = operation.steps.order_by().annotate(slash=StrIndex(key, Value("/"))).annotate(folder=inside)
    return steps.values_list("kind", "folder").distinct()


def _has(user: Any, what: What, marks: Iterable[tuple[str, str]]) -> bool:
    needed = {getattr(guard, what) for kind, folder in marks for guard in _guards_of(kind, folder)}
    return bool(user.has_perms(sorted(needed)))


def _guards_of(kind: str, folder: str) -> list[Guard]:
    """What no app claims may be anybody's: a photo that was renamed at random. Then all of them ask."""
    everybody = [(app, guard) for app in apps() for guard in app.guards]
    claiming = [guard for app, guard in everybody if kind in app.handlers_by_name or folder in guard.folders]
    return claiming or [guard for _app, guard in everybody]
