"""The step of the sweep: setting one orphan aside, whatever arrives meanwhile."""

from __future__ import annotations

from collections.abc import Collection

from django.utils.translation import gettext_lazy as _

from photostore.errors import Changed
from photostore.models import OperationStep
from photostore.operations.quarantine import SetAside
from photostore.references.apps import locked_key
from photostore.references.roots import root_of


class SweepAside(SetAside):
    """`SetAside` under the lock that an upload holds while it publishes this key; also after a kill."""

    name = "sweep_aside"

    def perform(self, step: OperationStep) -> None:
        """See `SetAside`. A row of any alias that leads to the same place claims the file."""
        with locked_key(step.details["key"]):
            details = step.details
            _refuse(root_of(details["storage_alias"]).claims([details["key"]]))
            super().perform(step)

    def revert(self, step: OperationStep) -> None:
        """See `SetAside`. A name that has an owner in the register by now is left alone.

        A row that names the file, and the register does not know it, is what the file comes back for.
        """
        with locked_key(step.details["key"]):
            details = step.details
            _refuse(root_of(details["storage_alias"]).known([details["key"]]))
            super().revert(step)


def _refuse(claimed: Collection[str]) -> None:
    if claimed:
        raise Changed(_("The file has an owner by now."))
