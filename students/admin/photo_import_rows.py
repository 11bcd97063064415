"""What the pages of imported photos show of rows, and what their buttons mean."""

from __future__ import annotations

import re
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from photostore.audit import Actor
from photostore.errors import Conflict
from students.imports import lifecycle
from students.imports.kinds import KINDS
from students.imports.photos.kind import CONFIRMED_FIRST
from students.imports.photos.states import LABELS, MAY_BE_GIVEN, TABS, TICKED, State, may_be_accepted
from students.models import Import, ImportRow, Student

FOUND_AT_ONCE = 8
FINE = frozenset({State.NEW, State.REPLACES, State.IDENTICAL, State.STAFF})


def tabs_of(batch: Import, chosen: str) -> list[dict[str, Any]]:
    """The states that have rows, problems first."""
    counts = lifecycle.counts(batch)
    tabs: list[dict[str, Any]] = [
        {"state": state.value, "label": LABELS[state], "count": counts[state], "fine": state in FINE}
        for state in TABS
        if counts.get(state)
    ]
    states = [tab["state"] for tab in tabs]
    chosen = chosen if chosen in states else (states[0] if states else "")
    return [{**tab, "chosen": tab["state"] == chosen} for tab in tabs]


def shown(row: ImportRow) -> dict[str, Any]:
    """One row in words."""
    kind, state = KINDS[Import.Kind.PHOTOS], State(row.state)
    open_codes = _open_codes(row)
    codes = [one["code"] for one in row.findings]
    acceptable = row.student is not None and may_be_accepted(state, codes)
    return {
        "n": row.n,
        "file": row.file,
        "student": row.student,
        "has_picture": bool(row.staged_key),
        "has_today": bool(row.student and row.student.profile_photo),
        "evidence": [_with_whose(kind.sentence_of(one), one) for one in row.evidence],
        "findings": [kind.sentence_of(one) for one in row.findings],
        "accepted": row.accepted,
        "outcome": row.get_outcome_display() if row.outcome else "",
        "tickable": state in TICKED or (acceptable and not open_codes),
        "confirmable": acceptable and bool(open_codes) and not row.accepted,
        "may_be_given": bool(row.staged_key) and state in MAY_BE_GIVEN,
        "proposals": _proposals(row),
    }


def _with_whose(sentence: str, one: dict[str, Any]) -> str:
    whose = one.get("whose", "")
    return f"{whose}: {sentence}" if whose and whose not in sentence else sentence


def _proposals(row: ImportRow) -> list[dict[str, Any]]:
    """Whom the evidence names beside the one student of the row: a button for each."""
    named = {one["student"]: one.get("whose", "") for one in row.evidence if one.get("student")}
    return [{"pk": pk, "whose": whose} for pk, whose in named.items() if pk != row.student_id][:6]


def _open_codes(row: ImportRow) -> list[str]:
    """What a person must have confirmed before it is accepted."""
    confirmed = row.data.get("confirmed", [])
    codes = [one["code"] for one in (*row.findings, *row.evidence)]
    return [code for code in codes if code in CONFIRMED_FIRST and code not in confirmed]


def summary(batch: Import) -> list[str]:
    """What a commit does with the ticks as they are, a part for each kind."""
    accepted = batch.rows.filter(accepted=True).select_related("student")
    first = accepted.filter(student__profile_photo="").count()
    other = accepted.exclude(student__profile_photo="").count()
    parts = []
    if first:
        parts.append(
            ngettext("%(n)d student gets a first photo", "%(n)d students get a first photo", first)
            % {"n": first}
        )
    if other:
        parts.append(
            ngettext(
                "the photo of %(n)d student is replaced", "the photos of %(n)d students are replaced", other
            )
            % {"n": other}
        )
    return parts


def students_like(typed: str) -> list[dict[str, Any]]:
    """A few students, as the fields name them."""
    if len(typed.strip()) < 1:
        return []
    found = Student.objects.matching(typed).order_by("name", "pk")[:FOUND_AT_ONCE]
    return [{"id": one.pk, "text": _written(one)} for one in found]


def _written(student: Student) -> str:
    said = filter(None, (student.name, student.class_name, student.student_number or ""))
    return f"{', '.join(said)} #{student.pk}"


def _whom(typed: str) -> int:
    """Whom a field means: by the key at its end, a number, or a name that is one student's. `Conflict`."""
    key = re.search(r"#(\d{1,18})$", typed.strip())
    if key:
        return int(key[1])
    exact = Student.objects.filter(student_number__iexact=typed.strip()).first()
    found = [exact] if exact else list(Student.objects.matching(typed)[:2])
    if len(found) != 1:
        raise Conflict(
            _("Choose one student, by a number or by a name that only one student has."), code="which_student"
        )
    return found[0].pk


def change(batch: Import, form: QueryDict, actor: Actor) -> str:
    """Do what a button says, the ticks of the page first; the button's name. Raises `Conflict`."""
    lifecycle.refuse_unless_ready(batch)
    kind, (what, _colon, place) = KINDS[batch.kind], form.get("do", "").partition(":")
    _tick(batch, form, actor)
    if what in ("all", "none"):
        state = form.get("state", "")
        for row in batch.rows.filter(state=state, accepted=what == "none") if state in TICKED else ():
            row.batch = batch
            kind.change_row(row, {"accepted": what == "all"}, actor)
    for n in lifecycle.row_numbers([place]):
        row = lifecycle.find_row(batch, n)
        kind.change_row(row, _said(what, row, form), actor)
    return what


def _said(what: str, row: ImportRow, form: QueryDict) -> dict[str, Any]:
    """A button beside one row, as REST would say it."""
    if what == "nobody":
        return {"student": None}
    if what == "confirm":
        return {"confirm": _open_codes(row), "accepted": True}
    if what == "leave":
        return {"accepted": False}
    if what == "is":
        chosen = form.get(f"is-{row.n}", "")
        return {"student": int(chosen) if chosen.isdecimal() and len(chosen) < 19 else 0}
    if what == "give":
        return {"student": _whom(form.get(f"whom-{row.n}", ""))}
    return {}


def _tick(batch: Import, form: QueryDict, actor: Actor) -> None:
    seen = lifecycle.row_numbers(form.getlist("seen"))
    ticked = set(lifecycle.row_numbers(form.getlist("accepted")))
    for row in batch.rows.filter(n__in=seen):
        if row.accepted != (row.n in ticked):
            row.batch = batch
            KINDS[batch.kind].change_row(row, {"accepted": row.n in ticked}, actor)
