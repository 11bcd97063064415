"""What `manage.py check --deploy` says about where the bytes live."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register

from photostore import scanner
from photostore.errors import ScannerUnavailable


@register(Tags.security, deploy=True)
def scanner_answers(**_kwargs: Any) -> list[CheckMessage]:
    """Warn when no file can be accepted because the virus scanner does not answer."""
    if not settings.CLAMAV_SOCKET:
        return []
    try:
        scanner.ping()
    except ScannerUnavailable:
        return [
            Warning(
                f"Nothing answers at CLAMAV_SOCKET={settings.CLAMAV_SOCKET}: every upload will be refused.",
                hint="Start clamd, or name the LocalSocket or TCPSocket of its clamd.conf.",
                id="photostore.W002",
            )
        ]
    return []


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
