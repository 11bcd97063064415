"""What lies in storage, listed once, and the index of unowned files, made at most once and late."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import cached_property

from django.db import connection

from photostore import keys
from photostore.errors import FileUnreadable
from photostore.inventory import Listing, listed
from photostore.models import QuarantinedFile, StoredFile
from photostore.operations.quarantine import sha256_of
from photostore.references import places
from photostore.references.places import Place
from photostore.storage import storage_for
from photostore.storage.disk import DiskStorage
from students.recovery.legacy.spots import Spot
from students.recovery.storage_index import StorageIndex
from students.recovery.unowned import Location, read_strays, set_aside

_SIZES = "SELECT key, byte_size FROM {listing} WHERE kind = 'file' AND key = ANY(%(keys)s)"
_UNOWNED = """
SELECT l.key, l.byte_size, l.modified_at FROM {listing} l
WHERE l.kind = 'file' AND l.key NOT LIKE 'derived/%%' AND NOT EXISTS
    (SELECT FROM photostore_storedfile f WHERE f.key = l.key AND f.storage_alias = ANY(%(aliases)s))
"""


class Found:
    """What lies in all storages. What it says is looked at again before anything is done.

    A disk is asked when something is to be known; a bucket, which answers one by one, is listed first.
    """

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._places = places()
        self._listings: dict[Place, Listing] = {}
        self._asked: set[int] = set()
        self._seen: set[int] = set()
        for place in self._places:
            place.confirm()
            if not isinstance(place.storage, DiskStorage):
                self._listed(place)

    def sizes(self, spots: Iterable[Spot]) -> dict[Spot, int]:
        """The byte sizes of the files at these spots; those that are there."""
        wanted, found = list(spots), {}
        for place in self._places:
            names = sorted({key for alias, key in wanted if alias in place.aliases})
            for key, byte_size in self._sizes_at(place, names).items():
                found.update({(alias, key): byte_size for alias in place.aliases})
        return found

    def _sizes_at(self, place: Place, names: list[str]) -> dict[str, int]:
        if place in self._listings:
            return dict(self._listings[place].rows(_SIZES, keys=names))
        found = zip(names, place.storage.sizes(names), strict=True)
        return {key: byte_size for key, byte_size in found if byte_size is not None}

    def look_ahead(self, rows: Iterable[StoredFile]) -> None:
        """Ask for many rows at once, in place of those asked for before: a batch of students."""
        asked = list(rows)
        self._asked, self._seen = {row.pk for row in asked}, self._whole(asked)

    def suspects(self, rows: Sequence[StoredFile]) -> list[StoredFile]:
        """Those whose file is missing or has another size, looked at once more one by one."""
        new = [row for row in rows if row.pk not in self._asked]
        seen = self._seen | self._whole(new) if new else self._seen
        return [row for row in rows if row.pk not in seen and not _is_there(row)]

    def _whole(self, rows: Sequence[StoredFile]) -> set[int]:
        sizes = self.sizes((row.storage_alias, row.key) for row in rows)
        return {row.pk for row in rows if sizes.get((row.storage_alias, row.key)) == row.byte_size}

    def _listed(self, place: Place) -> Listing:
        if place not in self._listings:
            listing = self._listings[place] = self._stack.enter_context(listed(place))
            with connection.cursor() as cursor:
                cursor.execute(f"CREATE INDEX ON {listing.table} (key)")
        return self._listings[place]

    def strays_with(self, sha256: str) -> list[Spot]:
        """Files that belong to nobody, or lie in quarantine, and have these bytes."""
        return self._index.spots("sha256", sha256)

    def strays_without_tag(self, untagged_sha256: str) -> list[Spot]:
        """The same of files that have these bytes once the identity inside is taken out."""
        return self._index.spots("bare_sha256", untagged_sha256)

    @cached_property
    def _index(self) -> StorageIndex:
        index = StorageIndex("restore", read_strays(self._unowned(), verified=False))
        index.index("sha256", "bare_sha256")
        return index

    def _unowned(self) -> Iterator[Location]:
        for place in self._places:
            alias, listing = place.alias, self._listed(place)
            for key, byte_size, modified_at in listing.rows(_UNOWNED):
                yield Location(alias, key, key, byte_size, datetime.fromtimestamp(modified_at, UTC))
            yield from set_aside(alias)


@contextmanager
def looked_for() -> Iterator[Found]:
    """Make sure of every storage, and list the buckets. Raises `StorageAway`, never a half list."""
    with ExitStack() as stack:
        yield Found(stack)


def set_aside_with(sha256: str) -> list[Spot]:
    """Where the quarantine says that these bytes lie."""
    rows = QuarantinedFile.objects.filter(sha256=sha256)[:5]
    return [(row.storage_alias, keys.quarantined(row.operation, row.key)) for row in rows]


def first_right(spots: Iterable[Spot], sha256: str) -> Spot | None:
    """The first spot whose bytes have this sha256."""
    return next((spot for spot in spots if _sha256_if_readable(*spot) == sha256), None)


def _sha256_if_readable(alias: str, key: str) -> str | None:
    """None also for a file that cannot be read: nothing can be brought back from it."""
    try:
        return sha256_of(alias, key)
    except FileUnreadable:
        return None


def _is_there(row: StoredFile) -> bool:
    try:
        there = storage_for(row.storage_alias).stat(row.key)
    except FileUnreadable:
        return False
    return there is not None and there.byte_size == row.byte_size
