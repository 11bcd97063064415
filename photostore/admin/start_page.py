"""What the admin's start page says first: what the last `verify_media` found and a person has to look at."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import ngettext

from photostore.models import Verification


def tell_what_was_found(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Called by the theme for its start page, whose context goes through unchanged."""
    newest = Verification.objects.first()
    if newest is None or not newest.shared or not request.user.has_perm("photostore.view_verification"):
        return context
    sentence = ngettext(
        "%(n)d picture may be on the wrong student. verify_media says which.",
        "%(n)d pictures may be on the wrong students. verify_media says which.",
        newest.shared,
    )
    page = reverse("admin:photostore_verification_changelist")
    messages.warning(request, format_html('<a href="{}">{}</a>', page, sentence % {"n": newest.shared}))
    return context
