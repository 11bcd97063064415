"""Which handler does a step and takes it back."""

from __future__ import annotations

from photostore.models import OperationStep
from photostore.registration import StepHandler, apps


def handler_of(step: OperationStep) -> StepHandler:
    """The kind that the journal names. Raises `KeyError` for one that no app knows any more."""
    for app in apps():
        if step.kind in app.handlers_by_name:
            return app.handlers_by_name[step.kind]
    raise KeyError(step.kind)
