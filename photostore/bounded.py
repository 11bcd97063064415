"""Lists for machines that stay small however large the school is."""

from __future__ import annotations

from typing import Any

# Memory stays flat: counts are exact, what --json lists ends here.
MAX_LISTED = 10_000


class BoundedList:
    """The first `MAX_LISTED` items for `--json`, and how many there were in all.

    With `keep=False` it only counts.
    """

    def __init__(self, *, keep: bool = True) -> None:
        self.at_most = MAX_LISTED if keep else 0
        self.items: list[Any] = []
        self.count = 0

    def append(self, item: Any) -> None:
        """One more; beyond the bound it is only counted."""
        self.count += 1
        if len(self.items) < self.at_most:
            self.items.append(item)
