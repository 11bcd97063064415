"""Routes that answer with and without a trailing slash.

A redirect to the other form would lose an upload's body, so both forms are the same view.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.urls import URLPattern, path

View = Callable[..., Any]


def optional_slash(route: str, view: View, name: str) -> list[URLPattern]:
    """The route as documented (its name reverses to this form) and the other form behind it."""
    other = route.removesuffix("/") if route.endswith("/") else f"{route}/"
    return [path(route, view, name=name), path(other, _undocumented(view))]


def documented_only(endpoints: list[tuple[str, str, str, View]]) -> list[tuple[str, str, str, View]]:
    """Leave the other forms out of the OpenAPI document (a preprocessing hook of drf-spectacular)."""
    return [endpoint for endpoint in endpoints if not hasattr(endpoint[3], "undocumented")]


def _undocumented(view: View) -> View:
    @wraps(view)
    def same_view(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    same_view.undocumented = True  # type: ignore[attr-defined]
    return same_view
