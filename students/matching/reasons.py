"""Why a student is a candidate, and what speaks against it: codes, and their sentences."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _

from photostore.errors import Sentence


class Reason(StrEnum):
    """Strongest first."""

    NUMBER = "number"
    NUMBER_WITHOUT_ZEROS = "number_without_zeros"
    NUMBER_AND_NAME = "number_and_name"
    NAME = "name"
    NAME_AND_CLASS = "name_and_class"
    NUMBER_IN_FILE_NAME = "number_in_file_name"
    NAME_IN_FILE_NAME = "name_in_file_name"
    OTHER_ORDER = "name_in_other_order"
    PART_OF_NAME = "part_of_name"
    MORE_THAN_NAME = "more_than_name"
    ALMOST = "almost_the_name"
    ID_IN_FILE_NAME = "id_in_file_name"


class Note(StrEnum):
    """What makes a match less certain, or has to be shown with it."""

    SEVERAL_FIT = "several_fit"
    SEVERAL_FILES = "several_files"
    DISAGREE = "evidence_disagrees"
    CLASS_DIFFERS = "class_differs"
    NUMBER_DIFFERS = "number_differs"
    MARK = "mark_in_file_name"


# These need no confirmation.
CERTAIN = frozenset(
    {
        Reason.NUMBER,
        Reason.NUMBER_WITHOUT_ZEROS,
        Reason.NUMBER_AND_NAME,
        Reason.NAME,
        Reason.NAME_AND_CLASS,
    }
)
BY_NAME = frozenset(Reason) - {
    Reason.NUMBER,
    Reason.NUMBER_WITHOUT_ZEROS,
    Reason.NUMBER_AND_NAME,
    Reason.NUMBER_IN_FILE_NAME,
    Reason.ID_IN_FILE_NAME,
}

SENTENCES: Mapping[str, Sentence] = {
    Reason.NUMBER: _("“%(written)s” is the student number."),
    Reason.NUMBER_WITHOUT_ZEROS: _(
        "“%(written)s” is the student number %(number)s without the zeros that it begins with."
    ),
    Reason.NUMBER_AND_NAME: _("“%(written)s” has the student number %(number)s, and the name."),
    Reason.NAME: _("“%(written)s” is the name."),
    Reason.NAME_AND_CLASS: _("“%(written)s” is the name, and the class is the same."),
    Reason.NUMBER_IN_FILE_NAME: _("“%(written)s” contains the student number %(number)s."),
    Reason.NAME_IN_FILE_NAME: _("The file is called “%(written)s”."),
    Reason.OTHER_ORDER: _("“%(written)s” is the name in another order."),
    Reason.PART_OF_NAME: _("“%(written)s” is a part of the name."),
    Reason.MORE_THAN_NAME: _("“%(written)s” contains the name."),
    Reason.ALMOST: _("“%(written)s” is almost the name."),
    Reason.ID_IN_FILE_NAME: _(
        "“%(written)s” has the student's id in this database; ids may be used again for other students."
    ),
    Note.SEVERAL_FIT: _("It fits several students."),
    Note.SEVERAL_FILES: _("Several files fit this student."),
    Note.DISAGREE: _("The number says one student, the name another."),
    Note.CLASS_DIFFERS: _("The class is different: %(written)s."),
    Note.NUMBER_DIFFERS: _("The number “%(written)s” is not the student's."),
    Note.MARK: _("The file name ends with “%(written)s”: perhaps there is another picture of the same name."),
}


def sentence(said: Mapping[str, Any]) -> str:
    """One {code, …} in words."""
    return str(SENTENCES[said["code"]]) % said
