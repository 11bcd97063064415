"""The one error format: RFC 9457 problem details, from every exception, for every channel.

`detail` is the sentence for a person; `error` repeats it for the clients that read that key; `code` is
stable; `errors` maps fields to sentences. The table below is the only place that knows both our
exceptions and HTTP.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError, DataError, InterfaceError, OperationalError
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    UnreadablePostError,
)
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from rest_framework import exceptions as drf
from rest_framework.response import Response

from photostore import errors
from photostore.audit import Actor, channel_of, record_refusal
from photostore.web.addresses import logged_words, route_of

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5
SAFE_METHODS = {"GET", "HEAD", "OPTIONS", "TRACE"}

STATUSES: list[tuple[type[Exception], int]] = [
    (errors.FileTooLarge, 413),
    (errors.WrongType, 415),
    (errors.Infected, 422),
    (errors.InvalidFile, 400),
    (errors.Forbidden, 403),
    (errors.Conflict, 409),
    (errors.InUse, 423),
    (errors.TooManyAttempts, 429),
    (errors.StorageUnavailable, 503),
    (errors.FileMissing, 404),
    (errors.NotFound, 404),
    (errors.PhotostoreError, 400),
]


def problem(
    status: int, detail: str, code: str, fields: dict[str, list[str]] | None = None
) -> dict[str, Any]:
    return {
        "type": f"urn:photokeep:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "error": detail,
        "errors": fields or {},
    }


def handle_exception(exception: Exception, context: dict[str, Any]) -> Response | None:
    """Django REST framework's hook: a problem for what is known, None (a logged 500) for what is not."""
    body = describe(exception)
    if body is None:
        return None
    request = context["request"]
    record_refused_request(request, body)
    response = Response(body, status=body["status"], content_type=CONTENT_TYPE)
    for name, value in _headers(exception, body["status"]).items():
        response[name] = value
    return response


def describe(exception: Exception) -> dict[str, Any] | None:  # noqa: PLR0911 - a table of kinds
    """The problem that an exception stands for, or None where it is a bug of ours."""
    if isinstance(exception, errors.PhotostoreError):
        about_field = str(exception.field_sentence or exception)
        fields = {exception.field: [about_field]} if exception.field else {}
        body = problem(_status_of(exception), str(exception), exception.code, fields)
        # `error` is what a contract may fix; a person reads what is true.
        true = {"detail": about_field} if exception.field_sentence else {}
        return exception.extra | body | true
    if isinstance(exception, drf.ValidationError):
        fields = _sentences(exception.detail)
        first = next(iter(fields.values()), [_("The data is not valid.")])[0]
        return problem(400, first, "invalid", fields)
    if isinstance(exception, drf.APIException):
        codes = exception.get_codes()
        code = codes if isinstance(codes, str) else exception.default_code
        return problem(exception.status_code, str(exception.detail), code)
    if isinstance(exception, Http404):
        return describe(errors.NotFound())
    if isinstance(exception, PermissionDenied):
        return describe(errors.Forbidden())
    if isinstance(exception, UnreadablePostError):
        return problem(400, _("The request was interrupted or arrived too slowly."), "interrupted")
    if isinstance(exception, DataError):
        # A value that the database cannot hold, such as a NUL in a filter of the admin.
        return problem(400, _("This request cannot be understood."), "bad_request")
    if isinstance(exception, RequestDataTooBig):
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1_048_576
        sentence = _("The request is too large. The limit is %(limit)d MB, not counting files.") % {
            "limit": limit
        }
        return describe(errors.FileTooLarge(sentence, code="request_too_large"))
    return _database_trouble(exception)


def _database_trouble(exception: Exception) -> dict[str, Any] | None:
    if _sqlstate(exception).startswith("40"):
        # A deadlock: PostgreSQL undid one of the two, and this is it.
        return describe(errors.Conflict())
    if not _database_is_unavailable(exception):
        return None
    logger.error("The database cannot be reached: %s", exception)
    sentence = _("The database cannot be reached at the moment. Please try again.")
    return problem(503, sentence, "database_unavailable")


def _database_is_unavailable(exception: Exception) -> bool:
    """Whether the server is gone, going or full, rather than asked for something impossible.

    By SQLSTATE class: 08 connection, 53 resources, 57 operator intervention; none when the server did not
    answer.
    """
    if not isinstance(exception, OperationalError | InterfaceError):
        return False
    state = _sqlstate(exception)
    return not state or state.startswith(("08", "53", "57"))


def _sqlstate(exception: Exception) -> str:
    """PostgreSQL's own code, empty where it gave none."""
    return getattr(exception.__cause__, "sqlstate", None) or ""


def _status_of(exception: errors.PhotostoreError) -> int:
    return next(status for kind, status in STATUSES if isinstance(exception, kind))


def _sentences(detail: Any, prefix: str = "") -> dict[str, list[str]]:
    """Flatten a validation error's tree to `{"field": [...], "list.0.field": [...]}`."""
    if isinstance(detail, dict):
        flat: dict[str, list[str]] = {}
        for key, value in detail.items():
            flat |= _sentences(value, f"{prefix}.{key}" if prefix else str(key))
        return flat
    if isinstance(detail, list) and not any(isinstance(item, dict | list) for item in detail):
        return {prefix or "detail": [str(item) for item in detail]}
    if isinstance(detail, list):
        return _sentences(dict(enumerate(detail)), prefix)
    return {prefix or "detail": [str(detail)]}


def _headers(exception: Exception, status: int) -> dict[str, str]:
    headers = {}
    if challenge := getattr(exception, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if isinstance(exception, errors.TooManyAttempts):
        headers["Retry-After"] = str(exception.retry_after_seconds)
    elif wait := getattr(exception, "wait", None):
        headers["Retry-After"] = str(int(wait) + 1)
    elif status == 503:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return headers


def record_refused_request(request: HttpRequest | Any, body: dict[str, Any]) -> None:
    """An audit row for a refused attempt: whatever would have changed something, and every 401 and 403."""
    status = body["status"]
    if status >= 500 or (request.method in SAFE_METHODS and status not in {401, 403}):
        return
    match = route_of(request)
    route = match.route if match else request.path
    try:
        record_refusal(
            Actor.of(request, channel_of(request)),
            f"{request.method} {route}"[:128],
            subject=logged_words(match) if match else "",
            code=body["code"],
        )
    except DatabaseError:
        # The refusal stands, whether or not it could be written down; losing the row must be seen.
        logger.exception("A refusal could not be recorded.")


def answer(request: HttpRequest, body: dict[str, Any], headers: dict[str, str] | None = None) -> HttpResponse:
    """The answer outside Django REST framework: a page for a person's browser, else problem JSON."""
    response: HttpResponse
    if "text/html" in request.headers.get("Accept", ""):
        response = render(request, "photostore/problem.html", {"problem": body}, status=body["status"])
    else:
        response = JsonResponse(body, status=body["status"], content_type=CONTENT_TYPE)
    for name, value in (headers or {}).items():
        response[name] = value
    patch_vary_headers(response, ["Accept"])
    return response


class ProblemMiddleware:
    """Answers the exceptions that views outside Django REST framework let out."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """On the way out: people's data and signed links stay out of every cache but the person's own."""
        response = self.get_response(request)
        if request.path.startswith("/api/") and not response.has_header("Cache-Control"):
            response["Cache-Control"] = "private, no-store"
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A problem for what is known; None leaves the rest to Django."""
        if isinstance(exception, Http404 | PermissionDenied | SuspiciousOperation):
            return None
        body = describe(exception)
        if body is None:
            return None
        record_refused_request(request, body)
        return answer(request, body, _headers(exception, body["status"]))


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """Django's handler400."""
    return answer(request, problem(400, _("This request cannot be understood."), "bad_request"))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """Django's handler403."""
    body = problem(403, str(errors.Forbidden.sentence), "permission_denied")
    record_refused_request(request, body)
    return answer(request, body)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """Django's handler404: the same bytes for whatever is not there or not yours."""
    return answer(request, problem(404, _("Not found."), "not_found"))


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500."""
    return answer(
        request, problem(500, _("Something went wrong on the server. The error was logged."), "server_error")
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 (Django's signature)
    """Django's CSRF_FAILURE_VIEW."""
    body = problem(403, str(errors.StalePage.sentence), errors.StalePage.code)
    record_refused_request(request, body)
    return answer(request, body)
