"""Photos as a kind of import."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from photostore.audit import Actor
from photostore.errors import Sentence
from students.imports.kind import ImportKind
from students.models import Import, ImportRow


class PhotoImports(ImportKind):
    """See `ImportKind`."""

    sentences: Mapping[str, Sentence] = {}

    def read(self, batch: Import) -> None:
        raise NotImplementedError

    def commit(self, batch: Import) -> None:
        raise NotImplementedError

    def change_row(self, row: ImportRow, change: Mapping[str, Any], actor: Actor) -> None:
        raise NotImplementedError
