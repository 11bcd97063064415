"""Taking values out of a backup's JSON: whatever is wrong with one, the sentence names it."""

from __future__ import annotations

import re
from datetime import date, datetime
from uuid import UUID

from students.backups.contents import InvalidBackup

SHA256 = re.compile(r"[0-9a-f]{64}")
# Nobody has ten thousand photos; a list that claims it wants to keep us busy.
MOST_OF_ONE_STUDENT = 10_000


class Values:
    """A JSON object whose values are taken out by type, each with a sentence for what is wrong."""

    def __init__(self, found: object, what: str) -> None:
        if not isinstance(found, dict):
            raise InvalidBackup(f"The backup is damaged: {what} is not an object.")
        self.found, self.what = found, what

    def wrong(self, name: str) -> InvalidBackup:
        """The refusal of one value, which is shown shortened and escaped: it may be anything."""
        shown = ascii(self.found.get(name))[:80]
        return InvalidBackup(f"The backup is damaged: {self.what} has {shown} as {name}.")

    def text(self, name: str, *, longest: int, default: str | None = None) -> str:
        """Text that PostgreSQL can keep: no NUL, no half of a character."""
        value = self.found.get(name, default)
        if not isinstance(value, str) or len(value) > longest or "\0" in value or not _encodable(value):
            raise self.wrong(name)
        return value

    def optional_text(self, name: str, *, longest: int) -> str | None:
        """The same, or None."""
        return None if self.found.get(name) is None else self.text(name, longest=longest)

    def number(self, name: str, *, smallest: int = 0, largest: int = 2**63 - 1) -> int:
        """A whole number within bounds."""
        value = self.found.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not smallest <= value <= largest:
            raise self.wrong(name)
        return value

    def uuid(self, name: str) -> UUID:
        """A UUID in its plain form: the only thing that may ever become a part of a key."""
        value = self.text(name, longest=200, default="")
        try:
            found = UUID(value)
        except ValueError as error:
            raise self.wrong(name) from error
        if str(found) != value.lower():
            raise self.wrong(name)
        return found

    def sha256(self, name: str, *, optional: bool = False) -> str:
        """64 hexadecimal digits."""
        value = self.text(name, longest=64, default="")
        if SHA256.fullmatch(value) is None and not (optional and value == ""):
            raise self.wrong(name)
        return value

    def moment(self, name: str) -> datetime:
        """A moment with its offset."""
        try:
            value = datetime.fromisoformat(self.text(name, longest=40, default=""))
        except ValueError as error:
            raise self.wrong(name) from error
        if value.tzinfo is None:
            raise self.wrong(name)
        return value

    def optional_moment(self, name: str) -> datetime | None:
        """The same, or None."""
        return None if self.found.get(name) is None else self.moment(name)

    def day(self, name: str) -> date:
        """A day."""
        try:
            return date.fromisoformat(self.text(name, longest=10, default=""))
        except ValueError as error:
            raise self.wrong(name) from error

    def optional_day(self, name: str) -> date | None:
        """The same, or None."""
        return None if self.found.get(name) is None else self.day(name)

    def one_of(self, name: str, choices: set[str]) -> str:
        """One of a few words."""
        value = self.text(name, longest=64, default="")
        if value not in choices:
            raise self.wrong(name)
        return value

    def items(self, name: str) -> list[object]:
        """A list of a believable length; none at all is an empty one."""
        value = self.found.get(name, [])
        if not isinstance(value, list) or len(value) > MOST_OF_ONE_STUDENT:
            raise self.wrong(name)
        return value


def _encodable(value: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in value)
