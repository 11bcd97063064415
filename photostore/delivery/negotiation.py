"""Views that answer with a file's bytes, whatever the client says it would like."""

from __future__ import annotations

from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request


class AnyAcceptHeader(DefaultContentNegotiation):
    """`Accept: image/*` is what a client of pictures sends; our renderers, for errors, are all JSON."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:  # noqa: ARG002
        """The first renderer; it is used for problems only."""
        return renderers[0], renderers[0].media_type
