"""One JSON line and one figure for every request, tied together by a request id."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from config import metrics
from photostore.audit import acting
from photostore.request_id import begin_request
from photostore.web.addresses import logged_path

logger = logging.getLogger("photokeep.request")
QUIET_ROUTES = {"healthz", "readyz", "metrics"}


class RequestLogMiddleware:
    """Outermost: sees every answer, also those of other middleware.

    The query is left out of the line: it may hold a signed link.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        request_id = begin_request(request.headers.get("X-Request-ID"))
        with acting(request):
            response = self.get_response(request)
        response["X-Request-ID"] = request_id
        seconds = time.perf_counter() - started
        route = request.resolver_match.route if request.resolver_match else "(none)"
        metrics.observe(request.method or "", route, response.status_code, seconds)
        if route not in QUIET_ROUTES:
            logger.info(
                "%s %s",
                request.method,
                logged_path(request),
                extra={
                    "status": response.status_code,
                    "milliseconds": round(seconds * 1000, 1),
                    "user_id": getattr(getattr(request, "user", None), "pk", None),
                },
            )
        return response
