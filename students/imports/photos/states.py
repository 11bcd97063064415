"""What a row is, of all that is known of it: exactly one state, the first that applies. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from django.utils.translation import gettext_lazy as _

from photostore.errors import Sentence

MIN_SHIFTED = 3


class State(StrEnum):
    """Of a row that was matched, in the order of asking. `WAITING` and `READ` are before that."""

    WAITING = "waiting"
    READ = "read"
    REFUSED_MEMBER = "refused_member"
    NOT_AN_IMAGE = "not_an_image"
    MISSING_FILE = "missing_file"
    DUPLICATE_IN_ZIP = "duplicate_in_zip"
    TWO_FOR_ONE = "two_for_one"
    BLOCKED = "blocked"
    NOT_ALLOWED = "not_allowed"
    STAFF = "staff"
    AMBIGUOUS = "ambiguous"
    UNKNOWN = "unknown"
    IDENTICAL = "identical"
    IN_HISTORY = "in_history"
    OLDER = "older"
    REPLACES = "replaces"
    NEW = "new"
    CHANGED = "changed"  # since the preview: said by the commit


LABELS: dict[str, Sentence] = {
    State.WAITING: _("not read yet"),
    State.READ: _("not matched yet"),
    State.REFUSED_MEMBER: _("refused"),
    State.NOT_AN_IMAGE: _("not a picture"),
    State.MISSING_FILE: _("file missing"),
    State.DUPLICATE_IN_ZIP: _("the same picture twice"),
    State.TWO_FOR_ONE: _("two for one student"),
    State.BLOCKED: _("evidence disagrees"),
    State.NOT_ALLOWED: _("not allowed"),
    State.STAFF: _("not a student"),
    State.AMBIGUOUS: _("several students"),
    State.UNKNOWN: _("no known student"),
    State.IDENTICAL: _("already the current photo"),
    State.IN_HISTORY: _("an earlier photo"),
    State.OLDER: _("older than the current photo"),
    State.REPLACES: _("replaces a photo"),
    State.NEW: _("new photo"),
    State.CHANGED: _("changed since the preview"),
}
TICKED = frozenset({State.NEW, State.REPLACES})
# A person may accept these all the same; the others never become photos as they are.
BY_HAND = TICKED | {State.TWO_FOR_ONE, State.BLOCKED, State.IN_HISTORY, State.OLDER, State.CHANGED}
# They have a picture, and may be given to a student by hand.
MAY_BE_GIVEN = BY_HAND | {
    State.AMBIGUOUS, State.UNKNOWN, State.STAFF, State.IDENTICAL, State.NOT_ALLOWED, State.DUPLICATE_IN_ZIP,
}  # fmt: skip
# What a person should look at, in the order of the page; then what is fine.
TABS = (
    *(State.BLOCKED, State.TWO_FOR_ONE, State.AMBIGUOUS, State.UNKNOWN, State.DUPLICATE_IN_ZIP),
    *(State.CHANGED, State.NOT_ALLOWED, State.MISSING_FILE, State.NOT_AN_IMAGE, State.REFUSED_MEMBER),
    *(State.OLDER, State.IN_HISTORY, State.STAFF, State.REPLACES, State.NEW, State.IDENTICAL),
    *(State.READ, State.WAITING),
)


def may_be_accepted(state: str, codes: Collection[str]) -> bool:
    """Whether a person may accept a row of this state, with these findings; who has left may return so."""
    return state in BY_HAND or (state == State.NOT_ALLOWED and "was_erased" not in codes)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one row.

    `twin`: the same picture is in the import for `others` too, or once more for the same student (`own`; the
    one that is kept has none). `rival`: another picture is for the same student, and no rule prefers this.
    `disagrees`: strong evidence names two students. `candidates`: students whom certain evidence names.
    """

    refused: bool = False
    unreadable: bool = False
    absent: bool = False
    twin: Literal["", "others", "own"] = ""
    rival: bool = False
    disagrees: bool = False
    forbidden: bool = False
    staff: bool = False
    candidates: int = 1
    is_current: bool = False
    was_current: bool = False
    older: bool = False
    has_photo: bool = False


def state_of(facts: Facts) -> State:
    """The first that applies."""
    some = facts.candidates > 0
    answers = (
        (facts.refused, State.REFUSED_MEMBER),
        (facts.unreadable, State.NOT_AN_IMAGE),
        (facts.absent, State.MISSING_FILE),
        (bool(facts.twin), State.DUPLICATE_IN_ZIP),
        (facts.rival and some, State.TWO_FOR_ONE),
        (facts.disagrees, State.BLOCKED),
        (facts.forbidden and some, State.NOT_ALLOWED),
        # Before those of candidates: staff are no students, so that there is none.
        (facts.staff, State.STAFF),
        (facts.candidates > 1, State.AMBIGUOUS),
        (not some, State.UNKNOWN),
        (facts.is_current, State.IDENTICAL),
        (facts.was_current, State.IN_HISTORY),
        (facts.older, State.OLDER),
        (facts.has_photo, State.REPLACES),
    )
    return next((state for applies, state in answers if applies), State.NEW)


def first_shifted(rows: Sequence[tuple[int | None, int | None]]) -> int | None:
    """The place of the first row from which on pictures seem to have moved to a neighbour, or None.

    `rows` in the order of the index: the student whom it names, and whom the picture was known as before, or
    its own name says. Three in a row by one place in one direction; rows that say nothing do not count.
    """
    run, begins, direction = 0, 0, 0
    for place, (student, said) in enumerate(rows):
        if said is None or student is None:
            continue
        moved = _moved(rows, place, said) if said != student else 0
        if moved and moved == direction:
            run += 1
        else:
            run, begins, direction = (1 if moved else 0), place, moved
        if run >= MIN_SHIFTED:
            return begins
    return None


def _moved(rows: Sequence[tuple[int | None, int | None]], place: int, said: int) -> int:
    for step in (-1, 1):
        if 0 <= place + step < len(rows) and rows[place + step][0] == said:
            return step
    return 0
