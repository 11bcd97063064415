"""Whose a file is, and the lock under which that person's files change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from photostore.locks import advisory_lock


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
