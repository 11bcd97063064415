"""Names of exported files: readable, and safe on every system whatever a student is called."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from pathlib import PurePosixPath
from string import Formatter
from typing import Any

from photostore.errors import CommandRefused

PATTERN = "{class}/{last} {first} {number}"
FIELDS = ("class", "grade", "last", "first", "name", "number", "id")
# 255 bytes is what file systems take; an ending and a number of collision follow.
MOST_BYTES = 200
ANONYMOUS, NO_CLASS = "unnamed", "no class"
FORBIDDEN = re.compile(r'[/\\:*?"<>|]')
# What Windows takes for a device, whatever the ending.
RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?:\..*)?", re.IGNORECASE)


class Names:
    """Names by a pattern, each given once: also where a file system does not tell `A` from `a`.

    Raises `CommandRefused` for a pattern that says anything else than FIELDS.
    """

    def __init__(self, pattern: str = PATTERN) -> None:
        self.parts = [_parsed(part) for part in pattern.split("/")]
        # Of a hundred thousand names the hashes are a tenth; two alike would only number one name in vain.
        self._given: set[int] = set()

    def of(self, row: Mapping[str, Any]) -> str:
        """The path of one student's photo within the target."""
        values = _values(row)
        parts = [safe("".join(text + values.get(field, "") for text, field in part)) for part in self.parts]
        *folders, stem = parts
        ending = PurePosixPath(str(row["version_key"])).suffix
        number = 1
        while True:
            again = f" ({number})" if number > 1 else ""
            path = "/".join([*folders, f"{stem}{again}{ending}"])
            if (known := hash(unicodedata.normalize("NFKC", path).casefold())) not in self._given:
                self._given.add(known)
                return path
            number += 1


def safe(text: str) -> str:
    """A part of a path that no system takes for anything else."""
    text = unicodedata.normalize("NFC", text)
    plain = "".join(" " if one.isspace() else one for one in text if one.isspace() or _is_visible(one))
    plain = " ".join(FORBIDDEN.sub("_", plain).split())
    # Beginning with a dot it is hidden, or leads out of the folder; Windows drops dots and spaces at the end.
    plain = plain.lstrip(". ").encode()[:MOST_BYTES].decode(errors="ignore").rstrip(". ")
    if RESERVED.fullmatch(plain):
        plain = f"_{plain}"
    return plain or ANONYMOUS


def _is_visible(character: str) -> bool:
    """Neither a control character nor one that turns the direction of what follows."""
    return not unicodedata.category(character).startswith("C")


def _values(row: Mapping[str, Any]) -> dict[str, str]:
    first, last = row["first_name"], row["last_name"]
    values = {
        "class": row["class_name"] or NO_CLASS,
        "grade": row["grade"],
        "last": last if first or last else row["name"],
        "first": first,
        "name": row["name"],
        "number": row["student_number"] or "",
        "id": str(row["pk"]),
    }
    return {field: safe(value) if value else "" for field, value in values.items()}


def _parsed(part: str) -> list[tuple[str, str]]:
    """Texts, each with the field that follows it."""
    try:
        parsed = list(Formatter().parse(part))
    except ValueError as error:
        raise CommandRefused(f"--name {part!r} is no pattern: {error}.") from error
    found = []
    for text, field, spec, conversion in parsed:
        if field is not None and (field not in FIELDS or spec or conversion):
            known = ", ".join(f"{{{one}}}" for one in FIELDS)
            raise CommandRefused(f"--name knows {known}, and not {{{field}}}.")
        found.append((text, field or ""))
    if not any(field for _text, field in found) and not part.strip(". "):
        raise CommandRefused("--name has a part without a name.")
    return found
