"""Who names a key and whose it is, asked of every row of every app; where keys lie.

Below the register, operations and inventory: each of them asks before it touches a file.
"""

from photostore.references.knowledge import Inspector, claim_keys_with, held, inspect_with, name_owners_with
from photostore.references.places import Place, place_of, places

__all__ = [
    "Inspector",
    "Place",
    "claim_keys_with",
    "held",
    "inspect_with",
    "name_owners_with",
    "place_of",
    "places",
]
