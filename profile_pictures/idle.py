"""A session lives `SESSION_COOKIE_AGE` seconds longer than its last use."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

LAST_USED = "last_used"
# Written at most so often: not every picture on a page is worth a row.
SECONDS_BETWEEN = 60


class SlidingSessionMiddleware:
    """Within the session's own middleware, which saves what is changed here, and with it the new end."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        session = request.session
        if session.accessed and not session.is_empty():
            now = int(time.time())
            if now - session.get(LAST_USED, 0) >= SECONDS_BETWEEN:
                session[LAST_USED] = now
        return response
