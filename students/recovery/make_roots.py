"""Making the folders of a storage, and telling a lost one from one that is not mounted."""

from __future__ import annotations

from photostore.errors import CommandRefused, StorageNotMounted, StorageUnavailable
from photostore.references import storage_roots
from photostore.storage.disk import DiskStorage


def make_roots(*, new_storage: bool = False) -> int:
    """Make the roots that are gone; the number made.

    A root that is there, empty and without its mark, while the register lists files on it, is a disk that
    is not mounted, or a new one: only a person can tell, with `new_storage`. Raises
    `StorageNotMounted` and `CommandRefused`.
    """
    made = 0
    for place in storage_roots():
        storage = place.storage
        if not isinstance(storage, DiskStorage) or storage.is_prepared():
            continue
        if not new_storage and _has_root(storage) and place.is_used:
            raise StorageNotMounted(has_files=place.has_files())
        try:
            storage.prepare()
        except StorageUnavailable as error:
            raise refused_for(error) from error
        made += 1
    return made


def _has_root(storage: DiskStorage) -> bool:
    try:
        storage.listdir("")
    except (FileNotFoundError, StorageUnavailable):
        return False
    return True


def refused_for(error: StorageUnavailable) -> CommandRefused | StorageUnavailable:
    """The sentence of old for a folder that may not be made; any other failure as it is."""
    if isinstance(error.__cause__, PermissionError):
        return CommandRefused("Failed to create directory: Permission denied", code="permission_denied")
    return error
