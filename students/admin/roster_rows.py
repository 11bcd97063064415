"""What the pages of a list show: tabs, rows in words, and what can be chosen for reading it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import Count, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from students.imports import lifecycle
from students.imports.kinds import KINDS
from students.imports.roster.columns import FIELDS
from students.imports.roster.lines import full_name
from students.imports.roster.words import RowState
from students.imports.tables.texts import CHARSETS, DELIMITERS
from students.models import Import, ImportRow

STAYED = "stayed"
FIELD_WORDS = {
    "student_number": _("number"),
    "name": _("name"),
    "last_name": _("last name"),
    "first_name": _("first name"),
    "class_name": _("class"),
    "grade": _("grade"),
    "status": _("status"),
    "left_on": _("left on"),
}
DELIMITER_WORDS = {"\t": _("tab"), ";": _("semicolon"), ",": _("comma"), "|": _("bar")}
STATUS_WORDS = {"active": _("at the school"), "left": _("left")}


def tabs_of(batch: Import, chosen: str) -> list[dict[str, Any]]:
    """The states that have rows, problems first; after the commit those that stayed before all."""
    counts = lifecycle.counts(batch)
    tabs: list[dict[str, Any]] = [
        {"state": state.value, "label": state.label, "count": counts[state]}
        for state in RowState
        if counts.get(state)
    ]
    stayed = batch.rows.filter(outcome=ImportRow.Outcome.STAYED).count()
    if stayed:
        tabs.insert(0, {"state": STAYED, "label": ImportRow.Outcome.STAYED.label, "count": stayed})
    states = [tab["state"] for tab in tabs]
    chosen = chosen if chosen in states else (states[0] if states else "")
    return [{**tab, "chosen": tab["state"] == chosen} for tab in tabs]


def listing(batch: Import, state: str) -> QuerySet[ImportRow]:
    """The rows of a tab."""
    which = {"outcome": ImportRow.Outcome.STAYED} if state == STAYED else {"state": state}
    return batch.rows.filter(**which).select_related("student").order_by("n")


def shown(row: ImportRow) -> dict[str, Any]:
    """One row in words."""
    kind = KINDS[Import.Kind.STUDENTS]
    other = next((one for one in row.findings if "student" in one), None)
    return {
        "n": row.n,
        "number": row.data.get("student_number") or "",
        "name": full_name(row.data) or (row.student.name if row.student else ""),
        "class_name": row.data.get("class_name") or "",
        "student": row.student,
        "changes": [
            {"field": FIELD_WORDS[name], "old": _word(name, old), "new": _word(name, new)}
            for name, (old, new) in row.changes.items()
        ],
        "evidence": [kind.sentence_of(one) for one in row.evidence],
        "findings": [kind.sentence_of(one) for one in row.findings],
        "accepted": row.accepted,
        "outcome": row.get_outcome_display() if row.outcome else "",
        "may_be_new": row.student_id is not None
        and row.state in (RowState.NUMBER_CHANGED, RowState.CHANGED, RowState.RETURNS),
        "other": other if other and other["student"] != row.student_id else None,
    }


def _word(name: str, value: Any) -> Any:
    return STATUS_WORDS.get(value, value) if name == "status" else value or "—"


def choices_of(batch: Import) -> list[dict[str, Any]]:
    """For each column of the list what stands in it, and what it may hold."""
    found = batch.found
    columns = found.get("columns", [])
    rows = found.get("first_rows", [])
    choices = [("", "—"), *((name, FIELD_WORDS[name]) for name in FIELDS)]
    return [
        {
            "n": n,
            "cells": [row[n] for row in rows if n < len(row)],
            "choices": [(name, word, name == (chosen or "")) for name, word in choices],
        }
        for n, chosen in enumerate(columns)
    ]


def forms_of(batch: Import) -> dict[str, Any]:
    """The other choices for reading it."""
    found = batch.found
    return {
        "heading": found.get("heading", True),
        "charsets": [(name, name == found.get("charset")) for name in CHARSETS]
        if found.get("charset")
        else [],
        "delimiters": [(name, DELIMITER_WORDS[name], name == found.get("delimiter")) for name in DELIMITERS]
        if found.get("delimiter")
        else [],
        "sheets": [(name, name == found.get("sheet")) for name in found.get("sheets", [])],
        "accented": found.get("accented", []),
    }


def reading_options(batch: Import, form: Mapping[str, Any]) -> dict[str, Any]:
    """What was chosen; where another charset, delimiter or sheet was, the columns are guessed anew."""
    found, options = batch.found, {"heading": form.get("heading") == "yes"}
    allowed = {"charset": CHARSETS, "delimiter": DELIMITERS, "sheet": found.get("sheets", [])}
    other = False
    for name, values in allowed.items():
        chosen = form.get(name, "")
        if chosen in values:
            options[name] = chosen
            other = other or chosen != found.get(name)
    if not other:
        said = [form.get(f"column-{n}", "") for n in range(len(found.get("columns", [])))]
        kept = [name if name in FIELDS and name not in said[:n] else None for n, name in enumerate(said)]
        options["columns"] = kept
    return options


def summary(batch: Import) -> list[str]:
    """What a commit does, as the parts of one sentence; what it did, once it is done."""
    accepted = batch.rows.filter(accepted=True).exclude(outcome=ImportRow.Outcome.STAYED)
    counted = dict(accepted.order_by().values_list("state").annotate(Count("pk")))
    return [words(n) % {"n": n} for state, words in DOES.items() if (n := counted.get(state.value, 0))]


DOES: dict[RowState, Callable[[int], str]] = {
    RowState.NEW: lambda n: ngettext("%(n)d student is added", "%(n)d students are added", n),
    RowState.CHANGED: lambda n: ngettext("%(n)d is changed", "%(n)d are changed", n),
    RowState.NUMBER_CHANGED: lambda n: ngettext("%(n)d gets another number", "%(n)d get another number", n),
    RowState.RETURNS: lambda n: ngettext("%(n)d comes back", "%(n)d come back", n),
    RowState.MISSING: lambda n: ngettext("%(n)d is marked as left", "%(n)d are marked as left", n),
}
