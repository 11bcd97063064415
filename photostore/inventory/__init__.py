"""What is in storage, against what the register expects; streamed, whatever the size."""

from photostore.inventory.diff import orphans

__all__ = ["orphans"]
