"""The one step that changes which photos a student has: which versions, and which is current in its slot."""

from students.recovery.change.step import ChangePhoto

__all__ = ["ChangePhoto"]
