"""Routes that answer with and without a trailing slash.

A redirect to the other form would lose an upload's body, so both forms are the same view.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path


def both_forms(route: str, view: Callable[..., Any], name: str) -> list[URLPattern]:
    """The route as documented (its name reverses to this form) and the other form behind it."""
    other = route.removesuffix("/") if route.endswith("/") else f"{route}/"
    return [path(route, view, name=name), path(other, view)]
