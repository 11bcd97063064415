"""Hundreds of rows in one statement: Django's own way spends most of its time on composing it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models

ROWS_TOGETHER = 2_000


def insert(model: type[models.Model], rows: Iterable[Mapping[str, Any]]) -> None:
    """Rows by their columns, all the same ones; of what is left out the database knows the default.

    Values are what JSON can write, moments and ids included. Raises `IntegrityError` as any insert does.
    """
    waiting = list(rows)
    for begin in range(0, len(waiting), ROWS_TOGETHER):
        _insert(model, waiting[begin : begin + ROWS_TOGETHER])


def _insert(model: type[models.Model], rows: Sequence[Mapping[str, Any]]) -> None:
    types = {field.column: field.rel_db_type(connection) for field in model._meta.concrete_fields}
    quoted = connection.ops.quote_name
    columns = ", ".join(map(quoted, rows[0]))
    typed = ", ".join(f"{quoted(column)} {_plain(str(types[column]))}" for column in rows[0])
    table = quoted(model._meta.db_table)
    rows_of_json = f"SELECT {columns} FROM jsonb_to_recordset(%s::jsonb) AS new ({typed})"  # noqa: S608 - ours
    sql = f"INSERT INTO {table} ({columns}) {rows_of_json}"
    with connection.cursor() as cursor:
        cursor.execute(sql, [json.dumps(rows, cls=DjangoJSONEncoder)])


def _plain(column_type: str) -> str:
    """Without a length: what is too long is to be refused, not to be cut."""
    return column_type.partition("(")[0].replace("varchar", "text")


def next_ids(model: type[models.Model], count: int) -> list[int]:
    """Primary keys ahead of their rows."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, count],
        )
        return [row[0] for row in cursor.fetchall()]
