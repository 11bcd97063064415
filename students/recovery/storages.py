"""What lies where: a disk is asked when something is to be known, a bucket is listed, once and first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
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
        wanted = dict.fromkeys(file_refs)
        found = self.sizes_in_order([alias for alias, _key in wanted], [key for _alias, key in wanted])
        return {one: byte_size for one, byte_size in zip(wanted, found, strict=True) if byte_size is not None}

    def sizes_in_order(self, aliases: Sequence[str], keys: Sequence[str]) -> list[int | None]:
        """The same for so many storage aliases and keys; None where no file is."""
        sizes: list[int | None] = [None] * len(keys)
        for place in self.storage_roots:
            here = [at for at, alias in enumerate(aliases) if alias in place.aliases]
            found = self._sizes_at(place, [keys[at] for at in here])
            for at, byte_size in zip(here, found, strict=True):
                sizes[at] = byte_size
        return sizes

    def listing(self, place: StorageRoot) -> Listing:
        """Everything that lies there; exact names also where the disk takes `A.jpg` for `a.jpg`."""
        if place not in self._listings:
            listing = self._listings[place] = self._stack.enter_context(listed(place))
            with connection.cursor() as cursor:
                cursor.execute(f"CREATE INDEX ON {listing.table} (key)")
        return self._listings[place]

    def _sizes_at(self, place: StorageRoot, keys: list[str]) -> list[int | None]:
        if place in self._listings:
            return [*map(dict(self._listings[place].rows(_SIZES, keys=keys)).get, keys)]
        if not keys or self._is_not_made(place):
            return [None] * len(keys)
        return place.storage.sizes(keys)

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
