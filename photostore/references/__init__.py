"""Who names a key and whose it is, asked of every row of every app; where keys lie.

Below the register, operations and inventory: each of them asks before it touches a file.
"""

from photostore.references.apps import locked_key
from photostore.references.roots import StorageRoot, root_of, storage_roots

__all__ = ["StorageRoot", "locked_key", "root_of", "storage_roots"]
