"""What is in storage, against what the register expects; streamed, whatever the size."""

from photostore.inventory.diff import Finding, differences, orphans
from photostore.inventory.knowledge import (
    Inspector,
    claim_keys_with,
    held,
    inspect_with,
    name_owners_with,
)
from photostore.inventory.listing import Listing, listed
from photostore.inventory.places import Place, place_of, places

__all__ = [
    "Finding",
    "Inspector",
    "Listing",
    "Place",
    "claim_keys_with",
    "differences",
    "held",
    "inspect_with",
    "listed",
    "name_owners_with",
    "orphans",
    "place_of",
    "places",
]
