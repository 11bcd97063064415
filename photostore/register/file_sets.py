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
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, BinaryIO
from weakref import WeakSet

from django.db.models import Q
from django.utils import timezone

from photostore.errors import StorageNotMounted
from photostore.intake import Rendition
from photostore.models import StoredFile
from photostore.owners import Owner
from photostore.storage import PhotoStorage, storage_for
from photostore.storage.base import CHUNK_BYTES

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

    def put_into(self, storage: PhotoStorage, *, durable: bool = True) -> None:
        """Write the bytes under the key. Raises `StorageUnavailable`."""
        if self.opened is not None:
            self.opened.seek(0)
        body = self.opened or self.data
        storage.put(self.key, body, content_type=self.content_type, durable=durable)


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
    storage = mounted_storage(file_set.storage_alias)
    for derivative in file_set.derivatives:
        derivative.put_into(storage, durable=False)
    file_set.original.put_into(storage)


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


def publish(owner: Owner, file_set: FileSet, *, besides: Collection[str] = ()) -> None:
    """Make `file_set` the owner's live original, in the caller's transaction.

    The only one, besides those whose keys are given: a student has a photo for each half-day.
    """
    retire(owner, except_exports=file_set.exports, besides=besides)
    written: dict[str, Any] = {"storage_alias": file_set.storage_alias, "written_at": timezone.now()}
    original = _row(owner, file_set.original, StoredFile.Kind.ORIGINAL, **written)
    original.keep_aside = file_set.keep_aside
    (original,) = _upsert([original])
    children = [
        _row(owner, derivative, StoredFile.Kind.DERIVATIVE, parent=original, **written)
        for derivative in file_set.derivatives
    ]
    children += [
        _row(owner, file_set.original, StoredFile.Kind.EXPORT, parent=original, storage_alias=alias, key=key)
        for alias, key in file_set.exports
    ]
    _upsert(children)


def publish_former(owner: Owner, file_set: FileSet) -> None:
    """Register `file_set` as a former version, in the caller's transaction; what is live stays live."""
    written: dict[str, Any] = {"storage_alias": file_set.storage_alias, "written_at": timezone.now()}
    former = {"live": False, "keep_aside": file_set.keep_aside}
    original = _row(owner, file_set.original, StoredFile.Kind.ORIGINAL, **written, **former)
    StoredFile.objects.bulk_create([original], ignore_conflicts=True)
    parent = StoredFile.objects.get(storage_alias=file_set.storage_alias, key=file_set.original.key)
    thumbnails = [
        _row(owner, derivative, StoredFile.Kind.DERIVATIVE, parent=parent, **written)
        for derivative in file_set.derivatives
    ]
    _upsert(thumbnails)  # they were written anew, also where rows of older ones were left


def retire(
    owner: Owner, *, except_exports: Sequence[tuple[str, str]] = (), besides: Collection[str] = ()
) -> None:
    """Make the owner's live originals former ones and give up their documented names; `besides` stay."""
    owned = StoredFile.objects.filter(**owner.files)
    owned.filter(kind=StoredFile.Kind.ORIGINAL, live=True).exclude(key__in=besides).update(live=False)
    kept = Q(parent__key__in=besides)
    for alias, key in except_exports:
        kept |= Q(storage_alias=alias, key=key)
    owned.filter(kind=StoredFile.Kind.EXPORT).exclude(kept).delete()


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
