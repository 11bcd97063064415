"""Addresses as logs and audit may keep them: the name of a file is perhaps a child's."""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import Http404
from django.urls import ResolverMatch, resolve


def route_of(request: Any) -> ResolverMatch | None:
    """Where the request goes, or would have gone, had it not been refused before anybody looked."""
    try:
        match: ResolverMatch | None = request.resolver_match or resolve(request.path_info)
    except Http404:
        return None
    return match


def logged_path(request: Any) -> str:
    """The path, with a fingerprint in place of a storage key."""
    match = route_of(request)
    key = match.kwargs.get("key") if match else None
    path = str(request.path)
    return path if key is None else path.replace(key, fingerprint(key))


def logged_words(match: ResolverMatch) -> str:
    """What the address names, such as `pk=7`."""
    words = {name: fingerprint(value) if name == "key" else value for name, value in match.kwargs.items()}
    return " ".join(f"{name}={value}" for name, value in words.items())


def fingerprint(key: str) -> str:
    """Its first folder and a part of its sha256, by which an operator who has the key finds it again."""
    folder, inside, _rest = key.partition("/")
    mark = hashlib.sha256(key.encode(errors="replace")).hexdigest()[:16]
    return f"{folder}/{mark}" if inside else mark
