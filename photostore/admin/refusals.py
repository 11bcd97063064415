"""What the admin refuses: a sentence for the person, and a row in the audit."""

from __future__ import annotations

import logging

from django.contrib import messages
from django.db import DatabaseError
from django.http import HttpRequest

from photostore.audit import Actor, record_refusal
from photostore.errors import PhotostoreError

logger = logging.getLogger(__name__)


def tell_refusal(
    request: HttpRequest, error: PhotostoreError, *, action: str = "", subject: str = "", about: str = ""
) -> None:
    """Show why, in front of it `about` what; and keep that it was tried."""
    note_refusal(request, error.code, action=action, subject=subject)
    messages.error(request, f"{about}: {error}" if about else str(error))


def note_refusal(request: HttpRequest, code: str, *, action: str = "", subject: str = "") -> None:
    """One audit row. Without `action` and `subject` the address says what was tried, and on what."""
    match = request.resolver_match
    route, given = (match.route, match.kwargs) if match else (request.path, {})
    subject = subject or " ".join(f"{name}={value}" for name, value in given.items())
    action = action or f"{request.method} {route}"
    request.refusal_is_noted = True  # type: ignore[attr-defined]
    try:
        record_refusal(Actor.of(request, "admin"), action[:128], subject=subject, code=code)
    except DatabaseError:
        # The refusal stands, whether or not it could be written down; losing the row must be seen.
        logger.exception("A refusal could not be recorded.")


def is_noted(request: HttpRequest) -> bool:
    """Whether this request's refusal has its row already."""
    return getattr(request, "refusal_is_noted", False)
