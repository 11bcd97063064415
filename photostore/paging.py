"""Pages that cost the same at any depth."""

from __future__ import annotations

from rest_framework.pagination import CursorPagination


class Cursor(CursorPagination):
    """Follows the primary key, so that a page starts at an index entry instead of counting rows."""

    ordering = "id"
    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"


class NewestFirst(Cursor):
    """The same, from the last row back."""

    ordering = "-id"
