"""New files and the rows that name them: both are there afterwards, or neither."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import connection, models, transaction

from photostore.audit import NOBODY, Actor
from photostore.errors import StorageAway
from photostore.owners import Owner
from photostore.register.publications import Publication, right_place, store
from photostore.storage import storage_for


@contextmanager
def stored(
    publication: Publication | None,
    *,
    copied: str = "",
    owner: Owner | None = None,
    actor: Actor = NOBODY,
) -> Iterator[None]:
    """Write the files of `publication`, then commit the rows that the block writes, in one transaction.

    When the block fails, the files go again, and with them what the caller copied to the key `copied`, which
    no row names yet; what cannot be removed now, the sweep finds. For callers under the lock of the files'
    owner. Raises as `store` does, and whatever the block raises.
    """
    is_new = publication is not None and not _is_there(publication)
    if publication is not None:
        store(publication, owner=owner, actor=actor)
    has_rows = False
    try:
        with transaction.atomic(durable=True):
            yield
            has_rows = True
    except Exception:
        # A commit whose answer was lost may have happened: then the files stay, and the sweep decides.
        if not has_rows:
            _take_back(publication if is_new else None, copied)
        raise


def next_id(model: type[models.Model]) -> int:
    """A primary key ahead of its row: the files' keys and their owner in the register need it first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [model._meta.db_table])
        return int(cursor.fetchone()[0])


def _is_there(publication: Publication) -> bool:
    """A version's key is the checksum of its bytes, so the very file may lie there for another row."""
    return right_place(publication.storage_alias).stat(publication.original.key) is not None


def _take_back(publication: Publication | None, copied: str) -> None:
    with suppress(StorageAway):
        if copied:
            storage_for().remove(copied)
        if publication is not None:
            for file in (publication.original, *publication.derivatives):
                storage_for(publication.storage_alias).remove(file.key)
