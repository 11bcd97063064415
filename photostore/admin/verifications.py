"""What `verify_media` found, run by run."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from photostore.admin.bytes import ReadOnlyAdmin
from photostore.models import Verification


@admin.register(Verification)
class VerificationAdmin(ModelAdmin, ReadOnlyAdmin):  # type: ignore[misc]
    """The newest run first; what it found by name is in the output of `verify_media --json`."""

    list_display = ["finished_at", "coverage", "files", "missing", "damaged", "misplaced", "inconsistent",
                    "shared", "orphaned", "unadopted", "symlinks", "rehashed"]  # fmt: skip
    list_filter = ["checksum", "finished_at"]
    ordering = ["-id"]
    fieldsets = [
        (_("Run"), {"fields": [("started_at", "finished_at"), "coverage", ("checksum", "rehashed")]}),
        (
            _("Wrong"),
            {
                "fields": [
                    ("missing", "damaged"),
                    ("misplaced", "orphaned"),
                    ("inconsistent", "unadopted"),
                    ("unreadable", "symlinks"),
                    ("shared",),
                ]
            },
        ),
        (
            _("Counted"),
            {
                "fields": [
                    ("files", "present"),
                    ("rehashed_lately", "stale"),
                    ("young", "partials"),
                    ("unusable", "to_adopt"),
                ]
            },
        ),
    ]
