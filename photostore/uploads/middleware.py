"""Refuses a body that is too large, or in an odd charset, before it is read, on every route."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import resolve
from django.utils import translation
from django.utils.translation import gettext as _

from photostore.errors import FileTooLarge, Sentence
from photostore.intake.line import on_behalf_of
from photostore.uploads.charsets import REFUSED
from photostore.uploads.handler import FORM_OVERHEAD_BYTES, UploadRules
from photostore.uploads.throttle import charge_person
from photostore.web.problems import answer, describe, problem, record_refused_request

# Read in pieces by their views; Django would hold any other body in memory.
STREAMED = ("multipart/", "application/offset+octet-stream")


class CharsetMiddleware:
    """Answers what `Charsets` found, with its line in the log and its row in the audit."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer 415 at once, or let the request through."""
        if not request.META.get(REFUSED):
            return self.get_response(request)
        with translation.override(translation.get_language_from_request(request)):
            body = problem(415, _("Send text in UTF-8."), "unsupported_charset")
            record_refused_request(request, body)
            return answer(request, body)


class BodyLimitMiddleware:
    """Holds each route to the size that its view states (see `UploadRules`).

    An API view that states no
    size takes no file: a megabyte is enough for its JSON. Other pages (the admin) get the default. A body
    without a Content-Length is counted while it is read.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer 413 at once, or let the request through with its limit attached."""
        length = int(request.META.get("CONTENT_LENGTH") or 0)
        chunked = "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower()
        if not (length or chunked):
            return self.get_response(request)
        with on_behalf_of(lambda: getattr(getattr(request, "user", None), "pk", None)) as visit:
            response = self._limited(request, length, chunked=chunked)
        if visit.cpu_seconds:
            with suppress(DatabaseError):  # no answer depends on it
                charge_person(visit.person(), visit.cpu_seconds)
        return response

    def _limited(self, request: HttpRequest, length: int, *, chunked: bool) -> HttpResponseBase:
        rules = _rules(request)
        request.upload_rules = rules  # type: ignore[attr-defined]
        max_body_bytes = rules.max_file_bytes + FORM_OVERHEAD_BYTES
        if length > max_body_bytes:
            return _refused(request, rules)
        if chunked:
            if not request.META.get("CONTENT_TYPE", "").lower().startswith(STREAMED):
                # Django holds a body without files in memory, up to this size.
                max_body_bytes = min(max_body_bytes, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
            _count_while_reading(request, max_body_bytes, rules.too_large_sentence)
        return self.get_response(request)


def _refused(request: HttpRequest, rules: UploadRules) -> HttpResponseBase:
    """No language is chosen yet: this middleware comes before all others."""
    with translation.override(translation.get_language_from_request(request)):
        body = describe(rules.refusal())
        assert body is not None
        record_refused_request(request, body)
        return answer(request, body)


def _rules(request: HttpRequest) -> UploadRules:
    try:
        view: Any = resolve(request.path_info).func
    except Http404:
        return UploadRules(0)
    view_class = getattr(view, "cls", None) or getattr(view, "view_class", None)
    return UploadRules() if view_class is None else UploadRules.of(view_class)


def _count_while_reading(request: HttpRequest, max_body_bytes: int, sentence: Sentence | None) -> None:
    """Let Django read a chunked body, whose length is not announced, up to the limit.

    Django takes a missing Content-Length for an empty body; the server marks the real end
    (`wsgi.input_terminated`, the convention of werkzeug and gunicorn).
    """
    if not request.META.get("wsgi.input_terminated"):
        return
    stream = CountedStream(request.META["wsgi.input"], max_body_bytes, sentence)
    request._stream = stream  # type: ignore[assignment]
    request.META["CONTENT_LENGTH"] = str(max_body_bytes)


class CountedStream:
    """A body that raises `FileTooLarge` once more than `max_bytes` came out of it."""

    def __init__(self, stream: Any, max_bytes: int, sentence: Sentence | None = None) -> None:
        self.stream = stream
        self.max_bytes = max_bytes
        self.sentence = sentence
        self.count = 0

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes; all that is left, within the limit, for a negative size."""
        room = self.max_bytes + 1 - self.count
        return self._counted(self.stream.read(room if size is None or size < 0 else min(size, room)))

    def readline(self, size: int = -1) -> bytes:
        room = self.max_bytes + 1 - self.count
        return self._counted(self.stream.readline(room if size is None or size < 0 else min(size, room)))

    def close(self) -> None:
        """Django closes a body that it has read whole; the connection behind it is the server's."""

    def _counted(self, data: bytes) -> bytes:
        self.count += len(data)
        if self.count > self.max_bytes:
            raise BodyTooLarge(self.sentence)
        return data


class BodyTooLarge(FileTooLarge, RequestDataTooBig):
    """Known to Django as well, whose CSRF check may be the one that reads the body."""
