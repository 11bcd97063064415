"""How often handing in and confirming succeeds and fails, day by day."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext_lazy as _

from photostore.admin.rates import Chart, chart

ACTIONS = {
    _("Uploads"): ("picture.upload", "POST api/users/upload-profile-picture/"),
    _("Confirmations"): ("picture.confirm", "POST api/users/confirm-profile-picture/"),
}


def charts(*, until: date | None = None) -> list[Chart]:
    """Uploads and confirmations of the last thirty days; two queries."""
    return [chart(title, actions, until=until) for title, actions in ACTIONS.items()]
