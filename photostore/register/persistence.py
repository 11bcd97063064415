"""New files and the rows that name them: both are there afterwards, or neither."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import connection, models, transaction

from photostore.errors import StorageUnavailable
from photostore.register.file_sets import FileSet, mounted_storage, store
from photostore.storage import storage_for


@contextmanager
def stored(file_set: FileSet | None, *, copied: str = "") -> Iterator[None]:
    """Write the files of `file_set`, then commit the rows that the block writes, in one transaction.

    When the block fails, the files go again, and with them what the caller copied to the key `copied`, which
    no row names yet; what cannot be removed now, the sweep finds. For callers under the lock of the files'
    owner. Raises as `store` does, and whatever the block raises.
    """
    is_new = file_set is not None and not _is_there(file_set)
    if file_set is not None:
        store(file_set)
    has_rows = False
    try:
        with transaction.atomic(durable=True):
            yield
            has_rows = True
    except Exception:
        # A commit whose answer was lost may have happened: then the files stay, and the sweep decides.
        if not has_rows:
            _take_back(file_set if is_new else None, copied)
        raise


def next_id(model: type[models.Model]) -> int:
    """A primary key ahead of its row: the files' keys and their owner in the register need it first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [model._meta.db_table])
        return int(cursor.fetchone()[0])


def _is_there(file_set: FileSet) -> bool:
    """A version's key is the checksum of its bytes, so the very file may lie there for another row."""
    return mounted_storage(file_set.storage_alias).stat(file_set.original.key) is not None


def _take_back(file_set: FileSet | None, copied: str) -> None:
    with suppress(StorageUnavailable):
        if copied:
            storage_for().remove(copied)
        if file_set is not None:
            for file in (file_set.original, *file_set.derivatives):
                storage_for(file_set.storage_alias).remove(file.key)
