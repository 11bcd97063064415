"""Who sends a request: programs by bearer tokens, hashed, expiring and revocable (django-rest-knox), pages by
their session."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from knox.auth import TokenAuthentication
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from photostore.errors import StalePage


class BearerAuthentication(TokenAuthentication):  # type: ignore[misc]
    """Knox's own check, for tokens that can be tokens.

    Knox decodes and looks up whatever it is sent: bytes that are not UTF-8, or a NUL, would end as a 500.
    """

    def authenticate_credentials(self, token: bytes) -> Any:
        """The user and the token row. Raises `AuthenticationFailed`."""
        if not token.isalnum():
            raise AuthenticationFailed(_("Invalid token."))
        return super().authenticate_credentials(token)

    def _cleanup_token(self, auth_token: Any) -> bool:
        """Whether the token has expired; then it goes.

        Knox looks through all the person's tokens here, with every request; signing in does that for us.
        """
        if auth_token.expiry is None or auth_token.expiry >= timezone.now():
            return False
        auth_token.delete()
        return True


class PageAuthentication(SessionAuthentication):
    """A signed-in browser; without its CSRF token it is refused in words for a person."""

    def enforce_csrf(self, request: Request) -> None:
        """Raise `PermissionDenied` with the code `csrf_failed`, as the pages outside the API answer it."""
        try:
            super().enforce_csrf(request)
        except PermissionDenied as error:
            # Django REST framework expects an exception of its own here, else it would ask again who it is.
            raise PermissionDenied(str(StalePage.sentence), code=StalePage.code) from error
