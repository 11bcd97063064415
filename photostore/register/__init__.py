"""The register of files: whose each is; put, replaced, removed with the transaction: see `publications`."""

from photostore.register.publications import (
    NewFile,
    Publication,
    publish,
    publish_former,
    refuse_a_strange_place,
    retire,
    right_place,
    store,
)

__all__ = [
    "NewFile",
    "Publication",
    "publish",
    "publish_former",
    "refuse_a_strange_place",
    "retire",
    "right_place",
    "store",
]
