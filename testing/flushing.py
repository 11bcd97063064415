"""A pytest plugin: the flush after a test that commits keeps what migrations made for good.

Django's own flush truncates content types and permissions as well, and then makes them all again: half of its
time, after each of a thousand tests.
"""

from __future__ import annotations

from typing import Any

from django.core.management.commands import flush

KEPT = {"django_content_type", "auth_permission", "django_migrations"}


def pytest_configure() -> None:
    """For the whole run."""
    flush.sql_flush = _sql_flush  # type: ignore[attr-defined]
    flush.emit_post_migrate_signal = _nothing_was_taken  # type: ignore[attr-defined]


def _sql_flush(style: Any, connection: Any, **options: bool) -> Any:
    tables = set(connection.introspection.django_table_names(only_existing=True, include_views=False)) - KEPT
    return connection.ops.sql_flush(style, sorted(tables), **options)


def _nothing_was_taken(*_: Any, **__: Any) -> None:
    """What the signal's receivers make is still there."""
