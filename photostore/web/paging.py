"""Pages that cost the same at any depth."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import pagination
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from photostore.delivery.links import LinkMaker


class Cursor(CursorPagination):
    """Follows the primary key, or what a subclass says, so that a page starts at an index entry instead of
    counting rows."""

    ordering: str | tuple[str, ...] = "id"
    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    count_query_param = "count"
    count: int | None = None

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        """One page; its links begin as all others of an answer do, with `PUBLIC_BASE_URL` where it is set."""
        if self._asks_for_the_count(request):
            self.count = queryset.count()
        page: list[Any] | None = super().paginate_queryset(queryset, request, view)
        self.base_url = f"{LinkMaker.of(request).base_url}{request.get_full_path()}"
        return page

    def get_page_size(self, request: Request) -> int:
        """What was asked for. Raises `ValidationError` for what is no size of a page."""
        asked = request.query_params.get(self.page_size_query_param)
        if asked is None:
            return self.page_size
        if not (asked.isascii() and asked.isdigit() and len(asked) < 10 and int(asked) in self._sizes()):
            sentence = _("The page size must be between 1 and %(most)d.") % {"most": self.max_page_size}
            raise ValidationError({self.page_size_query_param: [sentence]})
        return int(asked)

    def _sizes(self) -> range:
        return range(1, self.max_page_size + 1)

    def _asks_for_the_count(self, request: Request) -> bool:
        asked = request.query_params.get(self.count_query_param, "false")
        if asked not in {"true", "false"}:
            raise ValidationError({self.count_query_param: [_("This must be true or false.")]})
        return asked == "true"

    def get_paginated_response(self, data: Any) -> Response:
        """The page, with `count` where it was asked for: counting costs what the list is long."""
        answer = super().get_paginated_response(data)
        if self.count is not None:
            answer.data["count"] = self.count
        return answer

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        size: dict[str, Any] = {"type": "integer", "minimum": 1, "maximum": self.max_page_size}
        return [
            *(
                {**one, "schema": size} if one["name"] == self.page_size_query_param else one
                for one in super().get_schema_operation_parameters(view)
            ),
            {
                "name": self.count_query_param,
                "required": False,
                "in": "query",
                "description": "Whether to count them all: `count` then stands in the answer.",
                "schema": {"type": "boolean", "default": False},
            },
        ]

    def get_paginated_response_schema(self, schema: Any) -> dict[str, Any]:
        stated: dict[str, Any] = super().get_paginated_response_schema(schema)
        stated["properties"]["count"] = {"type": "integer", "description": "With `count=true`."}
        return stated

    def decode_cursor(self, request: Request) -> Any:
        """Where the page begins. Raises `NotFound`, also for a made-up place that is none."""
        cursor: pagination.Cursor | None = super().decode_cursor(request)
        if cursor is None or cursor.position is None:
            return cursor
        if not self.is_position(str(cursor.position)):
            raise NotFound(self.invalid_cursor_message)
        return cursor

    def is_position(self, text: str) -> bool:
        return text.isascii() and text.isdigit()


class NewestFirst(Cursor):
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
