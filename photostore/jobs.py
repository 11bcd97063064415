"""What photostore does in the background."""

from __future__ import annotations

from asgiref.sync import async_to_sync
from django.utils.translation import gettext_lazy as _
from procrastinate.contrib.django import app

from photostore.audit import forget_old_entries
from photostore.background import command, periodic
from photostore.register.after_commit import finish_all_commits

# A job that ran is kept for this long, so that people see how it ended; those of every minute are many.
KEPT_HOURS = {"quick": 24, "long": 24 * 30}


@periodic(_("Finish changes that were interrupted"), cron="* * * * *")
def finish_commits() -> None:
    """Exports that are behind, and files that were given up, also by SQL."""
    finish_all_commits()


@periodic(_("Delete expired audit entries"), cron="7 * * * *")
def forget_audit_entries() -> None:
    """Batch by batch, until none is left."""
    while forget_old_entries():
        pass


@periodic(_("Delete finished jobs"), cron="11 3 * * *")
def forget_finished_jobs() -> None:
    """By their queue's time."""
    for queue, hours in KEPT_HOURS.items():
        async_to_sync(app.job_manager.delete_old_jobs)(
            nb_hours=hours, queue=queue, include_failed=True, include_cancelled=True, include_aborted=True
        )


@periodic(_("Verify all photos"), cron="17 1 * * *", queue="long")
def verify_photos() -> None:
    """For half an hour, from where the last night stopped."""
    command("verify_media", "--checksum", "--budget", "30m")


@periodic(_("Empty the quarantine"), cron="17 3 * * *", queue="long")
def purge_quarantine() -> None:
    """What was set aside more than 30 days ago."""
    command("purge_quarantine", "--older-than", "30d", "--confirm")
