"""Refuses a request whose text is written in a way that no client of ours needs.

Django decodes a body, and the query as well, with whichever of Python's hundred codecs the Content-Type
names: `punycode` takes minutes for a megabyte, `idna` fails in the middle of Django's parser, `zlib` where
Django makes its request, before any middleware. So it is looked at before Django is.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable
from typing import Any

from django.utils.http import parse_header_parameters

# JSON is UTF-8, and so are the forms of every browser; old libraries still say Latin-1.
CHARSETS = frozenset({"utf-8", "ascii", "iso8859-1", "cp1252"})
REFUSED = "photokeep.charset_refused"

StartResponse = Callable[..., Any]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


class Charsets:
    """WSGI middleware: hides from Django a charset that must not be used; `CharsetMiddleware` refuses it."""

    def __init__(self, application: Application) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if ";" in environ.get("CONTENT_TYPE", "") and not _is_plain(environ["CONTENT_TYPE"]):
            environ["CONTENT_TYPE"] = environ["CONTENT_TYPE"].partition(";")[0]
            environ[REFUSED] = True
        return self.application(environ, start_response)


def _is_plain(content_type: str) -> bool:
    """Whether it names no charset, one of ours, or an unknown one: Django then takes UTF-8."""
    try:
        _media_type, parameters = parse_header_parameters(content_type)
    except (LookupError, ValueError):  # `boundary*=zlib''b` says how to decode a parameter
        return False
    try:
        return "charset" not in parameters or codecs.lookup(parameters["charset"]).name in CHARSETS
    except LookupError:
        return True
