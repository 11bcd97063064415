"""Who names a key and whose it is, asked of every row of every app; where keys lie.

Below the register, operations and inventory: each of them asks before it touches a file.
"""

from photostore.references.knowledge import held
from photostore.references.places import Place, place_of, places

__all__ = ["Place", "held", "place_of", "places"]
