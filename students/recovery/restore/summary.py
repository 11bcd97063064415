"""What a restore came to, in numbers and in what a person has to see to."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from photostore.bounded import MAX_LISTED, BoundedList
from students.recovery.run_memory import SpilledLines


@dataclass
class Summary:
    """What the run came to. `missing`: the students of whom `photos_missing` are."""

    directories_created: int = 0
    photos_verified: int = 0
    attendance_verified: int = 0
    photos_missing: int = 0
    records_updated: int = 0
    healed: int = 0
    left_for_a_person: SpilledLines = field(default_factory=SpilledLines)
    missing: BoundedList = field(default_factory=BoundedList)

    def as_json(self) -> dict[str, Any]:
        """For machines: all counts, and what is left for a person as far as anybody can read."""
        counted = {one.name: getattr(self, one.name) for one in fields(self) if one.type == "int"}
        left = self.left_for_a_person
        return counted | {
            "missing": self.missing.items,
            "missing_count": self.missing.count,
            "left_for_a_person": left.first(MAX_LISTED),
            "left_count": left.count,
        }
