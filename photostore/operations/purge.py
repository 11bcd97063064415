"""Ending what was set aside: the one way out of quarantine that does not lead back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count, Sum

from photostore import keys
from photostore.audit import Actor
from photostore.models import Act, QuarantinedFile
from photostore.operations.acts import ActKind, Changed, register
from photostore.operations.conductor import conduct
from photostore.storage import storage_for


class Purge(ActKind):
    """Removes one file from quarantine for good. Details: `operation`, `storage_alias`, `key`, `sha256`."""

    name = "purge"

    def perform(self, act: Act) -> None:
        """Bytes first here: a row without bytes is told as gone, bytes without a row would stay for ever."""
        details = act.details
        storage = storage_for(details["storage_alias"])
        storage.remove(keys.quarantined(details["operation"], details["key"]))
        QuarantinedFile.objects.filter(
            operation=details["operation"], storage_alias=details["storage_alias"], key=details["key"]
        ).delete()

    def revert(self, act: Act) -> None:  # noqa: ARG002 - there is nothing to look at
        """Never."""
        raise Changed("It was removed for good.")


register(Purge())


def purgeable(before: datetime) -> tuple[int, int]:
    """The number of files set aside before that moment, and their bytes."""
    old = QuarantinedFile.objects.filter(quarantined_at__lt=before)
    found = old.aggregate(files=Count("pk"), byte_size=Sum("byte_size"))
    return found["files"], found["byte_size"] or 0


def purge(before: datetime, actor: Actor) -> Iterator[str]:
    """Remove them for good, one journaled act each; yields the keys."""
    old = QuarantinedFile.objects.filter(quarantined_at__lt=before).order_by("pk")
    with conduct("purge_quarantine", actor, can_be_undone=False) as operation:
        for row in old.iterator(chunk_size=1_000):
            details = {
                "operation": str(row.operation),
                "storage_alias": row.storage_alias,
                "key": row.key,
                "sha256": row.sha256,
            }
            operation.act("purge", subject=row.key, details=details)
            yield row.key
