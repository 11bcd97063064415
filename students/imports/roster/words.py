"""What an import of students says, by code."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from photostore.errors import Sentence
from students.imports.kind import ImportRefused
from students.imports.tables import TABLE_SENTENCES


class RowState(models.TextChoices):
    """What a row of a list is; those that need a person first."""

    BAD_ROW = "bad_row", _("cannot be read")
    DUPLICATE_NUMBER = "duplicate_number", _("number more than once")
    NUMBER_CHANGED = "number_changed?", _("number changed?")
    RETURNS = "returns", _("returns")
    CHANGED = "changed", _("changed")
    NEW = "new", _("new")
    MISSING = "missing", _("not in the list")
    UNCHANGED = "unchanged", _("unchanged")


SENTENCES: dict[str, Sentence] = {
    **TABLE_SENTENCES,
    "no_names": _("No column was recognised as the students' names. Choose the one that holds them."),
    "digits_lost": _(
        "In line %(line)s a student number reads %(cell)s: the spreadsheet has lost its last digits. Format "
        "the column as text, fill in the numbers again, and save the list anew."
    ),
    "list_is_gone": _(
        "The list itself was deleted because a student in it was erased. Please upload it again."
    ),
    # Evidence
    "number": _("The number is the student's."),
    "number_without_zeros": _("Apart from leading zeros the number is the student's, and the name fits."),
    "name_and_class": _("No other student of this class has this name."),
    "name": _("No other student has this name."),
    "chosen": _("A member of staff decided it."),
    # Findings
    "name_differs": _("The number is that of %(name)s, who is called quite differently."),
    "namesake": _("There is a student of this name already: %(name)s."),
    "without_number": _("The row has no number."),
    "resembles_number": _("Apart from leading zeros the number is that of %(name)s."),
    "changed_since": _("This was changed since the preview, and was left as it is."),
    "taken_back": _("The import was undone while it was being committed."),
    # Why a row cannot be read
    "no_name": _("The row has no name."),
    "cell_too_long": _("Column %(column)s holds too much text."),
    "cell_error": _("Column %(column)s holds a formula that ended in an error."),
    "too_long": _("%(field)s: at most %(limit)s characters."),
    "number_is_a_date": _("A spreadsheet took the number for a date: %(cell)s."),
    "unknown_status": _(
        "%(cell)s says neither that the student is at the school nor that the student has left."
    ),
    "not_a_day": _("%(cell)s is not a date. Write it as 2026-11-21."),
    "several_of_this_name": _("Several students have this name, and the row has no number."),
    "duplicate_number": _("Line %(line)s has the same number."),
    "same_student": _("Line %(line)s is about the same student."),
}


def refusal(code: str, **params: object) -> ImportRefused:
    """Why a list is not taken as a whole."""
    return ImportRefused(code, SENTENCES[code], **params)
