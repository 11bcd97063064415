"""Every FileField of every app against the register: a value that has no row there is an unregistered
file.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import FileField, Model

from photostore.owners import Owner

_NAMED = """
WITH asked AS (SELECT unnest(%(keys)s::text[]) AS asked_key)
SELECT v.key FROM ({values}) AS v WHERE v.alias = ANY(%(aliases)s)
"""


def all_values() -> str:
    """SQL for storage alias and key of every value; compared byte by byte, as the register keeps them."""
    return " UNION ALL ".join(_values(model, field) for model, field in file_fields())


def named_by_fields(
    aliases: Collection[str], keys: Collection[str], *, besides: Owner | None = None
) -> set[str]:
    """Those of `keys` that a row of any app names in one of these storages, registered or not.

    The row of `besides` does not count. One query; each of our own fields has an index for it.
    """
    values = " UNION ALL ".join(
        _values(model, field, _asked(model, field, besides)) for model, field in file_fields()
    )
    asked: dict[str, Any] = {
        "aliases": list(aliases),
        "keys": list(keys),
        "besides": besides.id if besides else "",
    }
    with connection.cursor() as cursor:
        cursor.execute(_NAMED.format(values=values), asked)
        return {key for (key,) in cursor.fetchall()}


def _asked(model: type[Model], field: FileField, besides: Owner | None) -> str:
    quote = connection.ops.quote_name
    join = f"JOIN asked ON {quote(str(field.column))} = asked_key"
    if besides is None or model._meta.label_lower != besides.label:
        return join
    return f"{join} AND {quote(str(model._meta.pk.column))}::text <> %(besides)s"


def file_fields() -> list[tuple[type[Model], FileField]]:
    """Every column that holds a storage key, whichever app it belongs to."""
    return [
        (model, field)
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
        for field in model._meta.local_concrete_fields
        if isinstance(field, FileField)
    ]


def _values(model: type[Model], field: FileField, join: str = "") -> str:
    quote = connection.ops.quote_name
    kept_in = _alias_column(model)
    alias = quote(kept_in) if kept_in else "'default'"
    column = quote(str(field.column))
    return (
        f'SELECT {alias}::text AS alias, {column}::text COLLATE "C" AS key '  # noqa: S608 - names of our own
        f"FROM {quote(model._meta.db_table)} {join} WHERE {column} <> ''"
    )


def _alias_column(model: type[Model]) -> str:
    """A model that keeps files in several places says where in `storage_alias`; empty for the others."""
    columns = {field.name: str(field.column) for field in model._meta.concrete_fields}
    return columns.get("storage_alias", "")
