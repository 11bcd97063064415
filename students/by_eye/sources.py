"""The sources by the names that stand in addresses: `unowned`, or the id of an import."""

from __future__ import annotations

from uuid import UUID

from photostore.errors import NotFound
from students.by_eye.imported import ImportedPhotos
from students.by_eye.source import Source
from students.by_eye.unowned import UnownedFiles

UNOWNED = "unowned"


def source_named(name: str) -> Source:
    """Raises `NotFound`."""
    if name == UNOWNED:
        return UnownedFiles()
    try:
        return ImportedPhotos(UUID(name))
    except ValueError:
        raise NotFound from None
