"""Put, replace and remove, tied to the transaction: bytes first, row second; row first, bytes last.

The order of a change to an owner's files, all under the owner's lock (`Owner.locked`):

1. `store` the new bytes under keys that no row names yet; no transaction is open.
2. In one transaction: `publish` them (or `retire` what was live) and change the owner's row.
3. `finish_commit` (`photostore.register.after_commit`): bring the exports up, and remove what the
   transaction gave up.

Dying after 1 leaves orphans that the sweep finds; dying after 2 leaves work that the next `finish_commit` of
this owner, or `finish_all_commits` at a worker's start, finishes.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, BinaryIO
from weakref import WeakSet

from django.db.models import Q
from django.utils import timezone

from photostore.errors import StorageNotMounted
from photostore.intake import Rendition
from photostore.models import StoredFile
from photostore.owners import Owner, files_of
from photostore.storage import PhotoStorage, storage_for
from photostore.storage.base import CHUNK_BYTES, Put

logger = logging.getLogger(__name__)

_mounted_storages: WeakSet[PhotoStorage] = WeakSet()


@dataclass(frozen=True, kw_only=True)
class NewFile:
    """Bytes about to be kept under `key`: `data`, or all of `opened`, a file that can seek."""

    key: str
    data: bytes = field(default=b"", repr=False)
    opened: BinaryIO | None = field(default=None, repr=False)
    content_type: str
    width: int
    height: int

    @classmethod
    def of(cls, key: str, picture: Rendition) -> NewFile:
        return cls(
            key=key,
            data=picture.data,
            content_type=picture.content_type,
            width=picture.width,
            height=picture.height,
        )

    @cached_property
    def sha256(self) -> str:
        """Lower-case hexadecimal, over the bytes as stored."""
        if self.opened is None:
            return hashlib.sha256(self.data).hexdigest()
        digest = hashlib.sha256()
        self.opened.seek(0)
        while piece := self.opened.read(CHUNK_BYTES):
            digest.update(piece)
        return digest.hexdigest()

    @cached_property
    def byte_size(self) -> int:
        return len(self.data) if self.opened is None else self.opened.seek(0, os.SEEK_END)

    def as_put(self, *, durable: bool = True) -> Put:
        """For a storage, from its first byte."""
        if self.opened is not None:
            self.opened.seek(0)
        return Put(self.key, self.opened or self.data, self.content_type, durable)


@dataclass(frozen=True, kw_only=True)
class FileSet:
    """An original, what is derived from it, and the documented names that repeat it.

    `exports` are pairs of storage alias and key; original and derivatives lie in `storage_alias`. With
    `keep_aside` the original goes to quarantine, not away, when its row is deleted.
    """

    original: NewFile
    derivatives: Sequence[NewFile] = ()
    exports: Sequence[tuple[str, str]] = ()
    keep_aside: bool = False
    storage_alias: str = "default"


def store(file_set: FileSet) -> None:
    """Write the original and its derivatives. Raises `StorageUnavailable`; then nothing is registered."""
    store_all([file_set])


def store_all(file_sets: Sequence[FileSet]) -> None:
    """The same of many, synced together."""
    for alias in dict.fromkeys(one.storage_alias for one in file_sets):
        mounted_storage(alias).put_many(_puts(one for one in file_sets if one.storage_alias == alias))


def _puts(file_sets: Iterable[FileSet]) -> Iterator[Put]:
    for one in file_sets:
        for derivative in one.derivatives:
            yield derivative.as_put(durable=False)
        yield one.original.as_put()


def mounted_storage(alias: str = "default") -> PhotoStorage:
    """The storage to write to. Raises `StorageUnavailable` for an empty place where the register lists files.

    Their disk is not mounted, and beginning anew would hide that. Asked once for each storage in each
    process; afterwards the storage itself notices when it vanishes.
    """
    storage = storage_for(alias)
    if storage in _mounted_storages:
        return storage
    refuse_unmounted_storage(alias)
    storage.prepare()
    _mounted_storages.add(storage)
    return storage


def refuse_unmounted_storage(alias: str) -> None:
    """Raise `StorageNotMounted` where nothing was ever put, while the register lists files that were."""
    written = StoredFile.objects.filter(storage_alias=alias, written_at__isnull=False)
    if not storage_for(alias).is_prepared() and written.exists():
        raise StorageNotMounted(
            has_files=next(iter(storage_for(alias).survey(sizes=False)), None) is not None
        )


Owned = tuple[Owner, FileSet]


def publish(owner: Owner, file_set: FileSet, *, besides: Collection[str] = ()) -> None:
    """Make `file_set` the owner's live original, in the caller's transaction.

    The only one, besides those whose keys are given: a student has a photo for each half-day.
    """
    publish_all([(owner, file_set)], besides=besides)


def publish_all(owned: Sequence[Owned], *, besides: Collection[str] = ()) -> None:
    """The same for many owners."""
    exports = [export for _owner, file_set in owned for export in file_set.exports]
    retire(*(owner for owner, _file_set in owned), except_exports=exports, besides=besides)
    originals = _upsert([_original(*one) for one in owned])
    children = [
        _row(owner, one.original, StoredFile.Kind.EXPORT, parent=original, storage_alias=alias, key=key)
        for (owner, one), original in zip(owned, originals, strict=True)
        for alias, key in one.exports
    ]
    _upsert([*_derivatives(owned, originals), *children])


def publish_former(owned: Sequence[Owned]) -> None:
    """Register former versions, in the caller's transaction; what is live stays live."""
    rows = [_original(*one, live=False) for one in owned]
    StoredFile.objects.bulk_create(rows, ignore_conflicts=True)
    found = StoredFile.objects.filter(key__in=[row.key for row in rows])
    there = {(row.storage_alias, row.key): row for row in found}
    # They were written anew, also where rows of older ones were left.
    _upsert(_derivatives(owned, [there[row.storage_alias, row.key] for row in rows]))


def retire(
    *owners: Owner, except_exports: Sequence[tuple[str, str]] = (), besides: Collection[str] = ()
) -> None:
    """Make the owners' live originals former ones and give up their documented names; `besides` stay."""
    owned = StoredFile.objects.filter(files_of(owners))
    owned.filter(kind=StoredFile.Kind.ORIGINAL, live=True).exclude(key__in=besides).update(live=False)
    kept = Q(parent__key__in=besides)
    for alias in dict.fromkeys(alias for alias, _key in except_exports):
        kept |= Q(storage_alias=alias, key__in=[key for its, key in except_exports if its == alias])
    owned.filter(kind=StoredFile.Kind.EXPORT).exclude(kept).delete()


def _original(owner: Owner, file_set: FileSet, **values: Any) -> StoredFile:
    values |= {"storage_alias": file_set.storage_alias, "written_at": timezone.now()}
    kept = {"keep_aside": file_set.keep_aside}
    return _row(owner, file_set.original, StoredFile.Kind.ORIGINAL, **values, **kept)


def _derivatives(owned: Sequence[Owned], originals: Sequence[StoredFile]) -> list[StoredFile]:
    now = timezone.now()
    return [
        _row(
            owner,
            derivative,
            StoredFile.Kind.DERIVATIVE,
            parent=original,
            storage_alias=file_set.storage_alias,
            written_at=now,
        )
        for (owner, file_set), original in zip(owned, originals, strict=True)
        for derivative in file_set.derivatives
    ]


def _row(owner: Owner, file: NewFile, kind: StoredFile.Kind, **values: Any) -> StoredFile:
    return StoredFile(
        **{
            "key": file.key,
            "sha256": file.sha256,
            "byte_size": file.byte_size,
            "content_type": file.content_type,
            "width": file.width,
            "height": file.height,
            "kind": kind,
            **owner.files,
            **values,
        }
    )


def _upsert(rows: list[StoredFile]) -> list[StoredFile]:
    return StoredFile.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["storage_alias", "key"],
        update_fields=[
            *("sha256", "byte_size", "content_type", "width", "height", "kind", "parent", "live"),
            *("keep_aside", "owner_label", "owner_id", "written_at", "verified_at"),
        ],
    )
