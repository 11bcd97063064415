"""Whose a file is, and the lock under which that person's files change."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db.models import Q

from photostore.locks import advisory_lock, advisory_locks


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose files: a label such as `students.student`, and the primary key as text."""

    label: str
    id: str

    @property
    def files(self) -> dict[str, str]:
        """The filter that finds this owner's rows in the register and in the outbox."""
        return {"owner_label": self.label, "owner_id": self.id}

    @property
    def lock(self) -> str:
        """The name of the lock under which this owner's files change."""
        return f"{self.label}:{self.id}"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold off everybody else who would publish, retire or sweep this owner's files."""
        with advisory_lock(self.lock):
            yield


@contextmanager
def all_locked(owners: Collection[Owner]) -> Iterator[set[Owner]]:
    """The same for many at once; gives those whose files somebody else held for too long."""
    with advisory_locks([owner.lock for owner in owners]) as taken:
        yield {owner for owner in owners if owner.lock in taken}


def files_of(owners: Collection[Owner]) -> Q:
    """The filter that finds the rows of all these owners."""
    by_label: dict[str, list[str]] = {}
    for owner in owners:
        by_label.setdefault(owner.label, []).append(owner.id)
    found = Q(pk=None)
    for label, ids in by_label.items():
        found |= Q(owner_label=label, owner_id__in=ids)
    return found
