"""The storage page: bytes by kind and by user, uploads and refusals day by day."""

from __future__ import annotations

from typing import Any, NoReturn

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from media_uploads.models import Usage
from media_uploads.storage_usage import usage_shares
from photostore.admin import ReadOnlyAdmin
from photostore.admin.rates import chart

# A change is recorded by its use case, a refusal by the route that answered it.
CHARTS = {
    _("User images"): ("image.upload", "POST api/upload_user_image/"),
    _("Media files"): (
        "media.upload",
        "POST media/upload/<int:persona_id>",
        "POST media/uploads/<int:persona_id>",
        "POST media/uploads/<uuid:upload_id>/complete",
    ),
}


@admin.register(Usage)
class UsageAdmin(ModelAdmin, ReadOnlyAdmin):  # type: ignore[misc]
    """Who uses how much, the most first; above it what all of it is made of."""

    list_display = ["user", "files", "size"]
    list_display_links = None
    list_select_related = ["user"]
    list_per_page = 20
    list_before_template = "media_uploads/admin/storage.html"
    search_fields = ["user__username__istartswith"]
    search_help_text = _("The beginning of the user name.")
    ordering = ["-bytes", "-files", "user_id"]

    class Media:
        css = {"all": ["photostore/charts.css", "media_uploads/storage.css"]}

    def has_delete_permission(self, request: HttpRequest, obj: Usage | None = None) -> bool:
        """Only along with its user: otherwise no user who ever uploaded a file could be deleted in the
        admin.
        """
        people = get_user_model()._meta
        return obj is not None and request.user.has_perm(f"{people.app_label}.delete_{people.model_name}")

    def delete_view(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise PermissionDenied

    @admin.display(description=_("Size"), ordering="bytes")
    def size(self, usage: Usage) -> str:
        return filesizeformat(usage.bytes)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list, below the figures; their number of queries is always the same."""
        found = usage_shares() if self.has_view_permission(request) else []
        more = {
            "title": _("Storage"),
            "usage_shares": found,
            "whole": sum(share.byte_size for share in found),
            "charts": [chart(title, actions) for title, actions in CHARTS.items()],
        }
        answer: HttpResponse = super().changelist_view(request, {**more, **(extra_context or {})})
        return answer
