from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin

from media_uploads.admin.filters import UserFilter
from media_uploads.files.personas import delete_persona
from media_uploads.models import Persona
from photostore.admin import BytesAdmin
from photostore.audit import Actor


@admin.register(Persona)
class PersonaAdmin(ModelAdmin, BytesAdmin):  # type: ignore[misc]
    """Looking, and deleting one with all of its files. People make and name their own."""

    list_display = ["name", "user", "files", "created_at"]
    list_filter = [UserFilter, "created_at"]
    list_select_related = ["user"]
    list_per_page = 50
    search_fields = ["user__username__istartswith", "name__istartswith"]
    search_help_text = gettext_lazy("The beginning of the user name or of the persona's name.")
    ordering = ["-id"]
    show_full_result_count = False
    fields = ("name", "user", "files", "created_at")
    readonly_fields = ("name", "user", "files", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Persona]:
        counted: QuerySet[Any] = super().get_queryset(request).annotate(file_count=Count("files"))
        return counted

    @admin.display(description=gettext_lazy("Files"), ordering="file_count")
    def files(self, persona: Any) -> SafeString:
        address = reverse("admin:media_uploads_mediafile_changelist")
        return format_html('<a href="{}?persona={}">{}</a>', address, persona.pk, persona.file_count)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        """Users create their own personas."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Persona | None = None) -> bool:  # noqa: ARG002
        """Users name their own personas."""
        return False

    def delete_model(self, request: HttpRequest, obj: Persona) -> None:
        """The persona and its files, and after the commit their bytes."""
        delete_persona(user=obj.user, persona_id=obj.pk, actor=Actor.of(request, "admin"))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Persona]) -> None:
        """One by one, as `delete_model`."""
        for persona in queryset.select_related("user").order_by("pk").iterator(chunk_size=500):
            self.delete_model(request, persona)
