"""What lies in storage, listed once, and the index of stray files by sha256, made at most once and late."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from itertools import islice

from django.db import connection

from photostore import keys
from photostore.errors import FileUnreadable
from photostore.inventory import Listing, listed
from photostore.models import QuarantinedFile, StoredFile
from photostore.operations.quarantine import sha256_of
from photostore.references import places
from photostore.storage import storage_for
from students.recovery.legacy.spots import Spot, sha256s_of

BATCH = 500
_SEEN = "SELECT f.id FROM photostore_storedfile f JOIN {listing} l USING (key) WHERE f.id = ANY(%(pks)s)"
_RIGHT_SIZE = " AND l.kind = 'file' AND l.byte_size = f.byte_size AND f.storage_alias = ANY(%(aliases)s)"
_STRAY = """
SELECT l.key FROM {listing} l WHERE l.kind = 'file' AND l.key NOT LIKE 'derived/%%' AND NOT EXISTS
    (SELECT FROM photostore_storedfile f WHERE f.key = l.key AND f.storage_alias = ANY(%(aliases)s))
"""


_CREATE_STRAYS = (
    "CREATE TEMPORARY TABLE students_strays (sha256 text, untagged_sha256 text, alias text, key text)"
)
_INDEX_STRAYS = "CREATE INDEX ON students_strays (sha256); CREATE INDEX ON students_strays (untagged_sha256)"


class Found:
    """One look at all storages. What it says is looked at again before anything is done."""

    def __init__(self, listings: Sequence[Listing]) -> None:
        self._listings = listings
        self._asked: set[int] = set()
        self._seen: set[int] = set()

    def look_ahead(self, rows: Iterable[StoredFile]) -> None:
        """Ask the lists for many rows at once, in place of those asked for before: a batch of students."""
        self._asked = {row.pk for row in rows}
        self._seen = self._listed(self._asked)

    def suspects(self, rows: Sequence[StoredFile]) -> list[StoredFile]:
        """Those whose file is missing or has another size, asked again one by one where the list says so."""
        new = {row.pk for row in rows} - self._asked
        seen = self._seen | self._listed(new) if new else self._seen
        return [row for row in rows if row.pk not in seen and not _is_there(row)]

    def sizes(self, names: Sequence[str]) -> dict[str, int]:
        """The byte sizes of the files under these names in the default storage; those that are there."""
        sql = "SELECT key, byte_size FROM {listing} WHERE kind = 'file' AND key = ANY(%(keys)s)"
        listing = next(one for one in self._listings if "default" in one.place.aliases)
        return dict(listing.rows(sql, keys=list(names))) if names else {}

    def _listed(self, pks: set[int]) -> set[int]:
        sql = _SEEN + _RIGHT_SIZE
        return {pk for listing in self._listings for (pk,) in listing.rows(sql, pks=list(pks))}

    def strays_with(self, sha256: str) -> list[Spot]:
        """Files that belong to nobody, or lie in quarantine, and have these bytes."""
        assert self._is_indexed
        with connection.cursor() as cursor:
            cursor.execute("SELECT alias, key FROM students_strays WHERE sha256 = %s LIMIT 5", [sha256])
            return [(alias, key) for alias, key in cursor.fetchall()]

    def strays_without_tag(self, untagged_sha256: str) -> list[Spot]:
        """The same of files that have these bytes once the identity inside is taken out."""
        assert self._is_indexed
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT alias, key FROM students_strays WHERE untagged_sha256 = %s LIMIT 5", [untagged_sha256]
            )
            return [(alias, key) for alias, key in cursor.fetchall()]

    @cached_property
    def _is_indexed(self) -> bool:
        """The temporary table of strays; a table, because a wrecked school has a million of them."""
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS students_strays")
            cursor.execute(_CREATE_STRAYS)
        strays = self._strays()
        while batch := list(islice(strays, BATCH)):
            hashed = [(*sha256s_of(alias, key), alias, key) for alias, key in batch]
            with connection.cursor() as cursor:
                cursor.executemany("INSERT INTO students_strays VALUES (%s, %s, %s, %s)", hashed)
        with connection.cursor() as cursor:
            cursor.execute(_INDEX_STRAYS)
        return True

    def _strays(self) -> Iterator[Spot]:
        for listing in self._listings:
            alias = listing.place.alias
            yield from ((alias, key) for (key,) in listing.rows(_STRAY))
            yield from ((alias, file.key) for file in listing.place.storage.scan("quarantine/"))


@contextmanager
def looked_for() -> Iterator[Found]:
    """List every storage. Raises `StorageAway`, never a half list."""
    with ExitStack() as stack:
        listings = [stack.enter_context(listed(place)) for place in places()]
        for listing in listings:
            with connection.cursor() as cursor:
                cursor.execute(f"CREATE INDEX ON {listing.table} (key)")
        yield Found(listings)


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
