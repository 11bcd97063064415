"""What the admin's pages of imports have in common: who may open one, and where a refusal is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase

from photostore.admin import tell_refusal
from photostore.errors import NotFound, PhotostoreError
from students.permissions import permissions_to_import

Page = Callable[..., HttpResponseBase]


def import_page(site: AdminSite, view: Page, action: str) -> Page:
    """For users with the permission; a refusal of a use case is shown on the page that asked."""

    def page(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        needed = "change" if request.method == "POST" else action
        if not request.user.has_perms(permissions_to_import(needed)):
            raise PermissionDenied
        try:
            return view(request, **kwargs)
        except NotFound as error:
            raise Http404 from error
        except PhotostoreError as error:
            tell_refusal(request, error)
            return HttpResponseRedirect(request.get_full_path() if request.method == "POST" else "..")

    wrapped: Page = site.admin_view(page)
    return wrapped
