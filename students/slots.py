"""What a photo of a student is for: the profile, or one half of a day."""

from __future__ import annotations

import datetime

PROFILE = "profile"
SLOT_LENGTH = 13


def slot_of(date: datetime.date, session: str) -> str:
    """`2026-11-21_AM`: how rows, keys and identities name a half-day."""
    return f"{date:%Y-%m-%d}_{session}"


def half_day(slot: str) -> tuple[datetime.date, str]:
    """The date and the session of an attendance photo. Raises `ValueError` for a day that there is not."""
    date, _separator, session = slot.partition("_")
    return datetime.date.fromisoformat(date), session


def moment_in(slot: str) -> str:
    """What the identity inside a photo says of its slot: the half-day; nothing for a profile photo."""
    return "" if slot == PROFILE else slot
