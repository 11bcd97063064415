from __future__ import annotations

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from photostore.admin.bytes import ReadOnlyAdmin
from photostore.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(ModelAdmin, ReadOnlyAdmin):  # type: ignore[misc]
    """Who did what. To be read only: not even an administrator can change it here."""

    list_display = ["at", "actor_name", "channel", "action", "subject", "details", "outcome", "code"]
    list_filter = ["outcome", "channel", "at"]
    search_fields = ["subject", "actor_name", "action", "request_id", "new_sha256", "old_sha256"]
    search_help_text = "A whole value: a subject, a person, an action, a request id or a sha256."
    ordering = ["-at", "-id"]
    show_full_result_count = False

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002 - Django's signature
        queryset: QuerySet[AuditEntry],
        search_term: str,
    ) -> tuple[QuerySet[AuditEntry], bool]:
        """By a whole value, which may have spaces in it ("student 12"); Django would look for each word."""
        term = search_term.replace("\0", " ").strip()
        whole = Q(*((field, term) for field in self.search_fields), _connector=Q.OR)
        return (queryset.filter(whole) if term else queryset), False
