"""The jobs in the background: when each ran last, how long it took and how it ended, and what waits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from photostore.admin.bytes import ReadOnlyAdmin
from photostore.job_runs import JobRun, job_runs, living_workers
from photostore.models import BackgroundJob

ENDED = {
    "": _("has not run yet"),
    "doing": _("is running"),
    "succeeded": _("succeeded"),
    "failed": _("failed; the log says why"),
    "aborted": _("was stopped"),
}
# The queue's own tables, for developers; this page says the same to people.
for _model in list(admin.site._registry):
    if _model._meta.app_label == "procrastinate":
        admin.site.unregister(_model)


@admin.register(BackgroundJob)
class BackgroundJobAdmin(ModelAdmin, ReadOnlyAdmin):  # type: ignore[misc]
    """One page, to be read."""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """All jobs, in the order of their titles."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            **(extra_context or {}),
            "title": self.opts.verbose_name_plural,
            "opts": self.opts,
            "workers": living_workers(),
            "runs": sorted(map(_shown, job_runs()), key=lambda run: str(run["title"])),
        }
        return TemplateResponse(request, "photostore/admin/jobs.html", context)


def _shown(run: JobRun) -> dict[str, Any]:
    return {
        "title": run.job.title,
        "when": _when(run.job.cron),
        "started_at": run.started_at,
        "took": run.took and timedelta(seconds=max(1, round(run.took.total_seconds()))),
        "ended": (run.sentence and gettext(run.sentence)) or ENDED[run.status],
        "has_failed": run.status == "failed",
        "waiting": run.waiting,
    }


def _when(cron: str) -> str:
    """In words: jobs run every minute, every few minutes, every hour or every day."""
    if not cron:
        return str(_("on request"))
    minute, hour, *_rest = cron.split()
    if minute == "*":
        return str(_("every minute"))
    if minute.startswith("*/"):
        return str(_("every %(minutes)s minutes") % {"minutes": minute[2:]})
    if hour == "*":
        return str(_("every hour"))
    return str(_("every day at %(time)s UTC") % {"time": f"{int(hour)}:{int(minute):02}"})
