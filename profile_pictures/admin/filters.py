"""Narrowing the admin's list of pictures."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from profile_pictures.models import ProfilePictureUpload


class StateFilter(SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        return [
            ("pending", _("Pending")),
            ("expired", _("Expired")),
            ("current", _("Current picture")),
            ("earlier", _("Earlier pictures")),
        ]

    def queryset(
        self,
        request: HttpRequest,  # noqa: ARG002 - Django's signature
        queryset: QuerySet[ProfilePictureUpload],
    ) -> QuerySet[ProfilePictureUpload]:
        pictures = ProfilePictureUpload.objects
        state = self.value()
        if state == "pending":
            return queryset & pictures.pending()
        if state == "expired":
            return queryset & pictures.expired()
        if state == "current":
            return queryset & pictures.current()
        if state == "earlier":
            return queryset & pictures.earlier()
        return queryset
