"""What a page may load and run: a Content-Security-Policy on every answer that does not bring its own."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from photostore.delivery.links import LinkMaker
from photostore.errors import StorageUnavailable

HEADER = "Content-Security-Policy"
NO_PAGE = "default-src 'none'; frame-ancestors 'none'"
OURS = "'self'"
# Scripts and styles of pages that are not ours. The admin's are made of expressions in attributes (Alpine);
# both style themselves, and no page has a script inline.
OF_OTHERS = {
    "/admin/": ("'self' 'unsafe-eval'", "'self' 'unsafe-inline'"),
    "/api/docs": ("'self'", "'self' 'unsafe-inline'"),
}


class ContentSecurityMiddleware:
    """Injected markup in a page of ours runs no script and sends nothing out."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not response.has_header(HEADER):
            is_page = response.get("Content-Type", "").startswith("text/html")
            response[HEADER] = policy_of(request) if is_page else NO_PAGE
        return response


def policy_of(request: HttpRequest) -> str:
    """Nothing but ourselves; `blob:` and `data:` are pictures that the page itself holds."""
    known = (rules for prefix, rules in OF_OTHERS.items() if request.path.startswith(prefix))
    scripts, styles = next(known, (OURS, OURS))
    rules = {
        "default-src": "'none'",
        "script-src": scripts,
        "style-src": styles,
        "img-src": " ".join([OURS, "blob:", "data:", *_homes_of_pictures(request)]),
        "font-src": OURS,
        "connect-src": OURS,
        "form-action": OURS,
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _homes_of_pictures(request: HttpRequest) -> list[str]:
    """On S3 and R2 links lead to a bucket's host, with PUBLIC_BASE_URL perhaps to another than was asked."""
    links = LinkMaker.of(request)
    aliases = [alias for alias in ("default", "public") if alias in settings.STORAGES]
    try:
        made = [links.live("any", sha256="", version_key="any", storage_alias=alias) for alias in aliases]
    except StorageUnavailable:
        return []
    homes = map(urlsplit, made)
    return sorted({f"{home.scheme}://{home.netloc}" for home in homes if home.netloc != request.get_host()})
