"""Where bytes live: one interface, `PhotoStorage`, over a disk and over S3 or R2."""

from __future__ import annotations

from photostore.errors import StorageUnavailable
from photostore.storage.base import FileStat, PhotoStorage

__all__ = ["FileStat", "PhotoStorage", "storage_for"]


def storage_for(alias: str = "default") -> PhotoStorage:
    """The storage behind an alias of Django's `STORAGES`: `default`, `safe` or `public`.

    Raises `StorageUnavailable` for one that is no longer configured: what rows say lies there may well lie
    there.
    """
    # Here, because settings.py imports this package's configuration.
    from django.core.files.storage import InvalidStorageError, storages

    try:
        storage = storages[alias]
    except InvalidStorageError as error:
        raise StorageUnavailable from error
    if not isinstance(storage, PhotoStorage):
        raise TypeError(f"The storage alias {alias!r} is not one that keeps photos.")
    return storage
