"""What is done for profile pictures in the background."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from photostore.background import command, periodic


@periodic(_("Delete profile pictures that were never confirmed"), cron="23 * * * *", queue="long")
def expire_pending_pictures() -> None:
    """Those whose 24 hours are over."""
    command("cleanup_pending_uploads")
