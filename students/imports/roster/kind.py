"""A list of students as a kind of import."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from photostore.audit import Actor
from photostore.errors import Sentence
from students.imports import lifecycle
from students.imports.kind import ImportKind, ImportRefused
from students.models import Import, ImportRow


class StudentImports(ImportKind):
    """See `ImportKind`."""

    sentences: Mapping[str, Sentence] = {}

    def read(self, batch: Import) -> None:  # noqa: ARG002
        raise ImportRefused("not_a_table", _("This file is not a list that can be read."))

    def commit(self, batch: Import) -> None:
        lifecycle.now_committed(batch)

    def change_row(self, row: ImportRow, change: Mapping[str, Any], actor: Actor) -> None:  # noqa: ARG002
        row.accepted = change.get("accepted", row.accepted)
        row.save(update_fields=["accepted"])
