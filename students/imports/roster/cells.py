"""What a cell of a list says: a number without Excel's marks, a day, whether a student has left."""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from datetime import date

# A number of more digits than Excel keeps, as it writes it into CSV.
LOST_DIGITS = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.IGNORECASE)
# `3-4` after Excel took it for a day and a month.
DAY_AND_MONTH = re.compile(
    r"(\d{1,2})[-. /]+([^\W\d_]{3,4})\.?(?:[- /]\d{2,4})?|\d{1,4}[-./]\d{1,2}[-./]\d{1,4}"
)
STATUS = {
    **dict.fromkeys(("active", "enrolled", "current", "aktiv", "actif", "active", "inscrit"), "active"),
    **dict.fromkeys(("left", "inactive", "withdrawn", "former", "ausgetreten", "parti", "sorti"), "left"),
}
DAY = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")


def tidy(cell: str) -> str:
    """One line, composed letters, single spaces; no control characters."""
    composed = unicodedata.normalize("NFC", cell)
    printable = "".join(" " if unicodedata.category(one) == "Cc" else one for one in composed)
    return " ".join(printable.split())


def undefused(cell: str) -> str:
    """Without the quote that keeps a spreadsheet from taking a text for a formula or a number."""
    return cell[1:] if re.match(r"''*[=+\-@\d]", cell) else cell


def number_of(cell: str) -> str:
    """A student number: what a spreadsheet adds to it is taken away, leading zeros are not."""
    number = undefused(cell)
    return number[:-2] if re.fullmatch(r"\d+\.0", number) else number


def day_of(cell: str) -> date | None:
    """2026-04-03 or 3.4.2026; a day with slashes may be read in two ways, and is not."""
    with suppress(ValueError):
        return date.fromisoformat(cell[:10])
    found = DAY.fullmatch(cell)
    with suppress(ValueError):
        return date(int(found[3]), int(found[2]), int(found[1])) if found else None
    return None


def status_of(cell: str) -> str | None:
    """`active` or `left`; None for any other word."""
    return STATUS.get(cell.casefold())
