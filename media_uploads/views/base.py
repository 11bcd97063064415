"""What the views of personas and media files share."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from photostore.audit import Actor
from photostore.web.known_input import KnownInput


class OwnObjectsView(KnownInput):
    """The caller's own objects; those of other users are not found."""

    def actor(self) -> Actor:
        return Actor.of(self.request)

    def handle_exception(self, exc: Exception) -> Response:
        """One sentence for a request without a valid token, whatever is wrong with it."""
        if isinstance(exc, NotAuthenticated | AuthenticationFailed):
            exc = NotAuthenticated(_("Not authenticated"))
        return super().handle_exception(exc)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """People's own data and signed links stay out of every cache but the person's own."""
        response.headers.setdefault("Cache-Control", "private, no-store")
        return super().finalize_response(request, response, *args, **kwargs)


def person_id(request: Request) -> int:
    """Who asks; only the signed-in come as far as this."""
    assert request.user.pk is not None
    return int(request.user.pk)
