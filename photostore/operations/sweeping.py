"""The step of the sweep: setting one orphan aside, whatever arrives meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

from photostore.models import OperationStep
from photostore.operations.quarantine import SetAside
from photostore.references.apps import locked_keys
from photostore.references.roots import StorageRoot, root_of
from photostore.registration import Outcome


class SweepAside(SetAside):
    """`SetAside` under the lock that an upload holds while it publishes this key; also after a kill."""

    name = "sweep_aside"

    def perform_many(self, steps: Sequence[OperationStep]) -> Iterator[list[Outcome]]:
        """See `SetAside`. A row of any alias that leads to the same place claims the file."""
        with locked_keys(_keys(steps)):
            yield self.set_aside(steps, claimed=_asked(steps, StorageRoot.claims))

    def revert_many(self, steps: Sequence[OperationStep]) -> Iterator[list[Outcome]]:
        """See `SetAside`. A name that the register gave to somebody by now stays theirs.

        A row that names the file, and the register does not know it, is what the file comes back for.
        """
        with locked_keys(_keys(steps)):
            yield self.bring_back(steps, claimed=_asked(steps, StorageRoot.known))


def _keys(steps: Sequence[OperationStep]) -> list[str]:
    return [step.details["key"] for step in steps]


def _asked(
    steps: Sequence[OperationStep], ask: Callable[[StorageRoot, list[str]], Collection[str]]
) -> set[str]:
    """The keys that somebody claims, where their files lie."""
    claimed: set[str] = set()
    for alias in dict.fromkeys(step.details["storage_alias"] for step in steps):
        its = [step for step in steps if step.details["storage_alias"] == alias]
        claimed.update(ask(root_of(alias), _keys(its)))
    return claimed
