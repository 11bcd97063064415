"""What `manage.py check --deploy` says about where the bytes live."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register


@register(Tags.files, deploy=True)
def safe_copies_live_elsewhere(**_kwargs: Any) -> list[CheckMessage]:
    """Warn when the safe copy of a photo would be lost together with the photo."""
    if settings.STORAGES["safe"] != settings.STORAGES["default"]:
        return []
    return [
        Warning(
            "The safe copies lie in the same place as the photos: one lost disk loses both.",
            hint="Set SAFE_MEDIA_ROOT to a folder on another disk, or SAFE_BUCKET_NAME to another bucket.",
            id="photostore.W001",
        )
    ]
