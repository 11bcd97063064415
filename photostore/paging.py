"""Pages that cost the same at any depth."""

from __future__ import annotations

from typing import Any

from rest_framework import pagination
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request


class Cursor(CursorPagination):
    """Follows the primary key, so that a page starts at an index entry instead of counting rows."""

    ordering = "id"
    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"

    def decode_cursor(self, request: Request) -> Any:
        """Where the page begins. Raises `NotFound`, also for a made-up place that is no primary key."""
        cursor: pagination.Cursor | None = super().decode_cursor(request)
        if cursor is None or cursor.position is None:
            return cursor
        position = str(cursor.position)
        if not (position.isascii() and position.isdigit()):
            raise NotFound(self.invalid_cursor_message)
        return cursor


class NewestFirst(Cursor):
    """The same, from the last row back."""

    ordering = "-id"
