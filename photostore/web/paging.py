"""Pages that cost the same at any depth."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from rest_framework import pagination
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

from photostore.delivery.links import LinkMaker


class Cursor(CursorPagination):
    """Follows the primary key, or what a subclass says, so that a page starts at an index entry instead of
    counting rows."""

    ordering: str | tuple[str, ...] = "id"
    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        """One page; its links begin as all others of an answer do, with `PUBLIC_BASE_URL` where it is set."""
        page: list[Any] | None = super().paginate_queryset(queryset, request, view)
        self.base_url = f"{LinkMaker.of(request).base_url}{request.get_full_path()}"
        return page

    def decode_cursor(self, request: Request) -> Any:
        """Where the page begins. Raises `NotFound`, also for a made-up place that is none."""
        cursor: pagination.Cursor | None = super().decode_cursor(request)
        if cursor is None or cursor.position is None:
            return cursor
        if not self.is_position(str(cursor.position)):
            raise NotFound(self.invalid_cursor_message)
        return cursor

    def is_position(self, text: str) -> bool:
        """Whether a page may begin here."""
        return text.isascii() and text.isdigit()


class NewestFirst(Cursor):
    """The same, from the last row back."""

    ordering = "-id"


class LatestFirst(Cursor):
    """By moment of upload, from the latest back; the primary key decides between equal moments."""

    ordering = ("-uploaded_at", "-id")

    def is_position(self, text: str) -> bool:
        """A moment in UTC, as Python writes it."""
        with suppress(ValueError, OverflowError):
            moment = datetime.fromisoformat(text)
            return moment.tzinfo is not None and str(moment.astimezone(UTC)) == text
        return False
