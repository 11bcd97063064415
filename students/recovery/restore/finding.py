"""What lies in storage, and the index of unowned files, made at most once and late."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cached_property

from photostore import keys
from photostore.errors import FileUnreadable
from photostore.models import QuarantinedFile, StoredFile
from photostore.operations.quarantine import sha256_of
from photostore.storage import storage_for
from students.recovery.storage_index import StorageIndex
from students.recovery.storages import FileRef, Storages
from students.recovery.unowned import Location, read_unowned_files, set_aside

_UNOWNED = """
SELECT l.key, l.byte_size, l.modified_at FROM {listing} l
WHERE l.kind = 'file' AND l.key NOT LIKE 'derived/%%' AND NOT EXISTS
    (SELECT FROM photostore_storedfile f WHERE f.key = l.key AND f.storage_alias = ANY(%(aliases)s))
"""


class StorageContents:
    """What lies in all storages. What it says is looked at again before anything is done."""

    def __init__(self, storages: Storages) -> None:
        self._storages = storages
        self.sizes, self.sizes_in_order = storages.sizes, storages.sizes_in_order

    def suspects(self, rows: Sequence[StoredFile]) -> list[StoredFile]:
        """Those whose file is missing or has another size, looked at once more one by one."""
        sizes = self.sizes((row.storage_alias, row.key) for row in rows)
        differ = (row for row in rows if sizes.get((row.storage_alias, row.key)) != row.byte_size)
        return [row for row in differ if not _is_there(row)]

    def unowned_with(self, sha256: str) -> list[FileRef]:
        """Files that are unowned, or lie in quarantine, and have these bytes."""
        return self._index.file_refs("sha256", sha256)

    def unowned_without_tag(self, untagged_sha256: str) -> list[FileRef]:
        """The same of files that have these bytes once the identity inside is taken out."""
        return self._index.file_refs("bare_sha256", untagged_sha256)

    @cached_property
    def _index(self) -> StorageIndex:
        index = StorageIndex("restore", read_unowned_files(self._unowned(), verified=False))
        index.index("sha256", "bare_sha256")
        return index

    def _unowned(self) -> Iterator[Location]:
        for place in self._storages.storage_roots:
            alias, listing = place.alias, self._storages.listing(place)
            for key, byte_size, modified_at in listing.rows(_UNOWNED):
                yield Location(alias, key, key, byte_size, datetime.fromtimestamp(modified_at, UTC))
            yield from set_aside(alias)


def set_aside_with(sha256: str) -> list[FileRef]:
    """Where the quarantine says that these bytes lie."""
    rows = QuarantinedFile.objects.filter(sha256=sha256)[:5]
    return [(row.storage_alias, keys.quarantined(row.operation, row.key)) for row in rows]


def first_right(file_refs: Iterable[FileRef], sha256: str) -> FileRef | None:
    """The first place whose bytes have this sha256."""
    return next((file_ref for file_ref in file_refs if _sha256_if_readable(*file_ref) == sha256), None)


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
