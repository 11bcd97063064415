"""What is done in the background."""

from __future__ import annotations

from uuid import UUID

from students.imports import kinds


def read_soon(import_id: UUID) -> None:
    """Have it read."""
    kinds.read(import_id)


def commit_soon(import_id: UUID) -> None:
    """Have it committed."""
    kinds.commit(import_id)
