"""What lies where: a disk is asked when something is to be known, a bucket is listed, once and first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager

from django.db import connection

from photostore.errors import StorageUnavailable
from photostore.inventory import Listing, listed
from photostore.references import storage_roots
from photostore.references.roots import StorageRoot
from photostore.storage.disk import DiskStorage

FileRef = tuple[str, str]
"""Storage alias and key."""

_SIZES = "SELECT key, byte_size FROM {listing} WHERE kind = 'file' AND key = ANY(%(keys)s)"


class Storages:
    """Every place. A bucket answers one by one, which is too slow for a school."""

    def __init__(self, stack: ExitStack, aliases: Collection[str] = ()) -> None:
        self._stack, self._listings = stack, dict[StorageRoot, Listing]()
        self.storage_roots = [
            place for place in storage_roots() if not aliases or not {*aliases}.isdisjoint(place.aliases)
        ]
        for place in self.storage_roots:
            place.confirm()
            if not isinstance(place.storage, DiskStorage):
                self.listing(place)

    def sizes(self, file_refs: Iterable[FileRef]) -> dict[FileRef, int]:
        """The byte sizes of the files at these places; those that are there."""
        wanted, found = list(file_refs), {}
        for place in self.storage_roots:
            names = sorted({key for alias, key in wanted if alias in place.aliases})
            for key, byte_size in self._sizes_at(place, names).items():
                found.update({(alias, key): byte_size for alias in place.aliases})
        return found

    def listing(self, place: StorageRoot) -> Listing:
        """Everything that lies there; exact names also where the disk takes `A.jpg` for `a.jpg`."""
        if place not in self._listings:
            listing = self._listings[place] = self._stack.enter_context(listed(place))
            with connection.cursor() as cursor:
                cursor.execute(f"CREATE INDEX ON {listing.table} (key)")
        return self._listings[place]

    def _sizes_at(self, place: StorageRoot, names: list[str]) -> dict[str, int]:
        if place in self._listings:
            return dict(self._listings[place].rows(_SIZES, keys=names))
        if not names or self._is_not_made(place):
            return {}
        found = zip(names, place.storage.sizes(names), strict=True)
        return {key: byte_size for key, byte_size in found if byte_size is not None}

    @staticmethod
    def _is_not_made(place: StorageRoot) -> bool:
        """Whether it is a folder that was never needed; one that is gone is refused."""
        try:
            place.storage.sizes(())
        except StorageUnavailable:
            if place.confirm() or place.is_used:
                raise
            return True
        return False


@contextmanager
def every_storage(*aliases: str) -> Iterator[Storages]:
    """Make sure of all of them, or of these. Raises `StorageUnavailable`, never a half list."""
    with ExitStack() as stack:
        yield Storages(stack, aliases)
