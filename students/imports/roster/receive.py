"""A list comes in: kept as it is, to be read by a job."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from photostore.audit import Actor
from photostore.errors import FileTooLarge
from students.imports import lifecycle
from students.models import Import, ImportSource

MAX_BYTES = 20 * 1_048_576


def begin(content: bytes, *, file_name: str, options: dict[str, Any], actor: Actor) -> Import:
    """A new import of students. Raises `FileTooLarge`."""
    if len(content) > MAX_BYTES:
        raise FileTooLarge(_("The list is too large. The limit is 20 MB."))
    with transaction.atomic():
        batch = lifecycle.begin(Import.Kind.STUDENTS, actor, file_names=[file_name[:255]], options=options)
        ImportSource.objects.create(batch=batch, content=content)
    return batch
