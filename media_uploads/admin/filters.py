"""Narrowing the admin's lists: by whose it is, by persona, by size."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from media_uploads.models import Persona, Usage
from photostore.uploads.handler import MEGABYTE

# A list of everybody would be longer than the page: those who keep most are here, the others are found by
# the search or by following their name in the list.
OFFERED = 20
_SIZES: dict[str, tuple[int, int]] = {
    "1": (0, MEGABYTE),
    "10": (MEGABYTE, 10 * MEGABYTE),
    "50": (10 * MEGABYTE, 50 * MEGABYTE),
    "more": (50 * MEGABYTE, 2**62),
}


class UserFilter(SimpleListFilter):
    title = _("user")
    parameter_name = "user"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        most = Usage.objects.select_related("user").order_by("-bytes")[:OFFERED]
        offered = {str(usage.user_id): usage.user.get_username() for usage in most}
        chosen = _number(request.GET.get(self.parameter_name))
        if chosen is not None and str(chosen) not in offered:
            offered[str(chosen)] = f"#{chosen}"
        return list(offered.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        return _narrowed(queryset, "user_id", self.value())


class PersonaFilter(SimpleListFilter):
    """For which persona of the chosen user; shown once a user is chosen."""

    title = _("persona")
    parameter_name = "persona"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Those of the chosen user, and the one that is chosen."""
        chosen = _number(request.GET.get(self.parameter_name))
        user = _number(request.GET.get("user"))
        narrowed = Q(pk=chosen) if user is None else Q(user_id=user)
        personas = Persona.objects.filter(narrowed)
        return [(str(persona.pk), persona.name) for persona in personas.order_by("name")[:OFFERED]]

    def has_output(self) -> bool:
        return len(self.lookup_choices) > 0

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        return _narrowed(queryset, "persona_id", self.value())


class SizeFilter(SimpleListFilter):
    title = _("size")
    parameter_name = "size"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        return [
            ("1", _("Up to 1 MB")),
            ("10", _("1 to 10 MB")),
            ("50", _("10 to 50 MB")),
            ("more", _("Over 50 MB")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        """More than the lower bound, up to the upper one."""
        bounds = _SIZES.get(self.value() or "")
        return queryset.filter(file_size__gt=bounds[0], file_size__lte=bounds[1]) if bounds else queryset


def _narrowed(queryset: QuerySet[Any], column: str, value: str | None) -> QuerySet[Any]:
    if value is None:
        return queryset
    number = _number(value)
    return queryset.none() if number is None else queryset.filter(**{column: number})


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 18 else None
