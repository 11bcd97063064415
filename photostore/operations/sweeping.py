"""The act of the sweep: setting one orphan aside, whatever arrives meanwhile."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from photostore.inventory.knowledge import held
from photostore.inventory.places import place_of
from photostore.models import Act
from photostore.operations.acts import Changed, register
from photostore.operations.quarantine import SetAside


class SweepAside(SetAside):
    """`SetAside` under the lock that an upload holds while it publishes this key; also after a kill."""

    name = "sweep_aside"

    def perform(self, act: Act) -> None:
        """See `SetAside`. A row of any alias that leads to the same place claims the file."""
        with held(act.details["key"]):
            _refuse_claimed(act)
            super().perform(act)

    def revert(self, act: Act) -> None:
        """See `SetAside`. A name that is somebody's by now stays theirs."""
        with held(act.details["key"]):
            _refuse_claimed(act)
            super().revert(act)


register(SweepAside())


def _refuse_claimed(act: Act) -> None:
    if place_of(act.details["storage_alias"]).claims([act.details["key"]]):
        raise Changed(_("The file belongs to somebody by now."))
