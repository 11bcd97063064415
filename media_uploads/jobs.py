"""What is done for media files in the background."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from photostore.background import command, periodic


@periodic(_("Delete uploads that were never completed"), cron="29 * * * *", queue="long")
def expire_uploads() -> None:
    """Those whose 24 hours are over."""
    command("cleanup_media_uploads")
