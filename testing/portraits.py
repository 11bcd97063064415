"""Made-up people, drawn: those of the demo's school."""

from students.demo.portraits import portrait, shade

__all__ = ["portrait", "shade"]
