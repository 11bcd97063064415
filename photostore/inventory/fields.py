"""Every FileField of every app against the register: a value that has no row there is a file nobody keeps."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.db import connection
from django.db.models import FileField, Model

ROWS_PER_FETCH = 1_000

# The keys are compared byte by byte, as the register keeps them; one hash join, whatever the size.
_UNREGISTERED = """
SELECT v.alias, v.key FROM ({values}) AS v
WHERE NOT EXISTS (SELECT FROM photostore_storedfile f WHERE f.storage_alias = v.alias AND f.key = v.key)
"""


def unregistered() -> Iterator[tuple[str, str]]:
    """Storage alias and key of each value without a row in the register; streamed, set-based."""
    values = " UNION ALL ".join(_values(model, field) for model, field in file_fields())
    with connection.chunked_cursor() as cursor:
        cursor.execute(_UNREGISTERED.format(values=values))
        while rows := cursor.fetchmany(ROWS_PER_FETCH):
            yield from rows


def file_fields() -> list[tuple[type[Model], FileField]]:
    """Every column that holds a storage key, whichever app it belongs to."""
    return [
        (model, field)
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
        for field in model._meta.local_concrete_fields
        if isinstance(field, FileField)
    ]


def _values(model: type[Model], field: FileField) -> str:
    """A model that keeps files in several places says where in `storage_alias`."""
    quote = connection.ops.quote_name
    own = {one.name: str(one.column) for one in model._meta.concrete_fields}
    alias = quote(own["storage_alias"]) if "storage_alias" in own else "'default'"
    column = quote(str(field.column))
    return (
        f'SELECT {alias}::text AS alias, {column}::text COLLATE "C" AS key '  # noqa: S608 - names of our own
        f"FROM {quote(model._meta.db_table)} WHERE {column} <> ''"
    )
