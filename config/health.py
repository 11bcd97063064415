"""`/healthz`: the process lives. `/readyz`: it can do its work."""

from __future__ import annotations

import logging

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from photostore.errors import StorageUnavailable
from photostore.register import refuse_unmounted_storage
from photostore.storage import storage_for

logger = logging.getLogger(__name__)


@require_safe
def healthz(_request: HttpRequest) -> JsonResponse:
    """200 while the process answers at all; touches nothing."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """200 when database and storage answer, else 503; names which."""
    parts = {"database": _database_answers(), "storage": _storage_answers()}
    ready = all(parts.values())
    body = {"status": "ok" if ready else "unavailable"}
    body |= {part: "ok" if answers else "unavailable" for part, answers in parts.items()}
    return JsonResponse(body, status=200 if ready else 503)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        logger.exception("The database does not answer.")
        return False
    return True


def _storage_answers() -> bool:
    try:
        for alias in ("default", "safe"):
            storage_for(alias).ping()
            refuse_unmounted_storage(alias)
    except StorageUnavailable:
        logger.exception("The storage does not answer.")
        return False
    return True
