"""Who did what, to be read."""

from __future__ import annotations

from django.contrib import admin
from unfold.admin import ModelAdmin

from photostore.admin.bytes import ReadOnlyAdmin
from photostore.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(ModelAdmin, ReadOnlyAdmin):  # type: ignore[misc]
    """Who did what. To be read only: not even an administrator can change it here."""

    list_display = ["at", "actor_name", "channel", "action", "subject", "details", "outcome", "code"]
    list_filter = ["outcome", "channel", "at"]
    search_fields = ["=subject", "=actor_name", "=action", "=request_id", "=new_sha256", "=old_sha256"]
    search_help_text = "A whole value: a subject, a person, an action, a request id or a sha256."
    ordering = ["-at", "-id"]
    show_full_result_count = False
