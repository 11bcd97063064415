"""A list of students as a kind of import."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from photostore.audit import Actor
from students.imports.kind import ImportKind
from students.imports.roster import commit, reading, rows
from students.imports.roster.words import SENTENCES
from students.models import Import, ImportRow


class StudentImports(ImportKind):
    """See `ImportKind`."""

    sentences = SENTENCES

    def read(self, batch: Import) -> None:
        reading.read(batch)

    def commit(self, batch: Import) -> None:
        commit.commit(batch)

    def change_row(self, row: ImportRow, change: Mapping[str, Any], actor: Actor) -> None:
        rows.change_row(row, change, actor)
