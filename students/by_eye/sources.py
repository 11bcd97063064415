"""The sources by the names that stand in addresses."""

from __future__ import annotations

from photostore.errors import NotFound
from students.by_eye.source import Source
from students.by_eye.unowned import UnownedFiles

UNOWNED = "unowned"


def source_named(name: str) -> Source:
    """Raises `NotFound`."""
    if name == UNOWNED:
        return UnownedFiles()
    raise NotFound
