"""What is in storage, against what the register expects; streamed, whatever the size."""

from photostore.inventory.diff import Finding, differences, orphans
from photostore.inventory.listing import Listing, listed

__all__ = ["Finding", "Listing", "differences", "listed", "orphans"]
