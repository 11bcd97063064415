"""How many files one person may hand in within a minute, over all doors of this app together."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from photostore.errors import TooManyAttempts
from photostore.throttling import WINDOW_SECONDS, count


class UploadThrottle(BaseThrottle):
    """For views that take files: every POST counts, whatever becomes of it; other methods do not."""

    def allow_request(self, request: Request, view: Any) -> bool:  # noqa: ARG002 - REST framework's signature
        """True. Raises `TooManyAttempts`, whose answer says when to try again."""
        if request.method == "POST" and count(f"uploads:{request.user.pk}") > settings.UPLOADS_PER_MINUTE:
            raise TooManyAttempts(retry_after_seconds=WINDOW_SECONDS)
        return True
