"""A step of several parts that are done all or not at all: exchanging two photos is of no use by half."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from photostore.models import Operation, OperationStep
from photostore.operations.handlers import handler_of
from photostore.registration import CANNOT, StepHandler


class Part:
    """One part, as its own handler sees it: a step whose details lie in those of the whole step."""

    def __init__(self, whole: OperationStep, place: int) -> None:
        self._whole, self._place = whole, place
        self.kind = str(whole.details["parts"][place]["kind"])

    @property
    def pk(self) -> int:
        return int(self._whole.pk)

    @property
    def operation(self) -> Operation:
        return self._whole.operation

    @property
    def operation_id(self) -> UUID:
        return self._whole.operation_id

    @property
    def details(self) -> dict[str, Any]:
        own: dict[str, Any] = self._whole.details["parts"][self._place]["details"]
        return own

    @details.setter
    def details(self, details: dict[str, Any]) -> None:
        self._whole.details["parts"][self._place]["details"] = details

    def save(self, *, update_fields: list[str]) -> None:
        self._whole.save(update_fields=update_fields)


class InParts(StepHandler):
    """Details: `parts`, each with a `kind` and `details` of its own, done in their order.

    Where one no longer applies, those before it are taken back, and the step is skipped as a whole. Killed in
    between, it is done again from the first part: each is idempotent.
    """

    def perform(self, step: OperationStep) -> None:
        """Raises what the parts raise."""
        done: list[Any] = []
        for place in range(len(step.details["parts"])):
            part: Any = Part(step, place)
            try:
                handler_of(part).perform(part)
            except CANNOT:
                for earlier in reversed(done):
                    handler_of(earlier).revert(earlier)
                raise
            done.append(part)

    def revert(self, step: OperationStep) -> None:
        """The last part first; where one was changed since, those after it are done again."""
        undone: list[Any] = []
        for place in reversed(range(len(step.details["parts"]))):
            part: Any = Part(step, place)
            try:
                handler_of(part).revert(part)
            except CANNOT:
                for later in reversed(undone):
                    handler_of(later).perform(later)
                raise
            undone.append(part)
