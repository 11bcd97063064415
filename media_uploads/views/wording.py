"""What this app's contract words in its own way."""

from __future__ import annotations

from typing import NoReturn

from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework.exceptions import MethodNotAllowed


class TranslatedMethodErrors:
    """For views of Django REST framework."""

    def http_method_not_allowed(self, request: HttpRequest, *_args: object, **_kwargs: object) -> NoReturn:
        raise MethodNotAllowed(request.method or "", detail=_("Method not allowed"))
